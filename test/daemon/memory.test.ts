import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { measureDaemon, withDaemon } from '../../bench/daemon.ts';
import { createLoad } from '../../bench/scale/load.ts';
import { createSampler } from '../../bench/scale/sampler.ts';
import { startSlowCollector } from '../../bench/slow-collector.ts';
import { socketPath, statePaths } from '../../src/config/home/paths.ts';
import { makeStateHome } from '../../src/config/home/state-home.ts';
import { askDaemon } from '../../src/daemon/client/client.ts';
import { freePort } from '../support/free-port.ts';

const MAX_MB = 90;
const TIMEOUT = { timeout: 300_000 };

function makeHome(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'hookbus-memory-'));
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
  const home = join(scratch, 'state');
  makeStateHome(home);
  return home;
}

describe('the daemon after 20,000 executions, and after three times as many', () => {
  it('stays under 90 MB, and holds no more descriptors', TIMEOUT, async () => {
    const { rss_mb, descriptors } = await measureDaemon(makeHome(), 20_000);
    expect(Math.max(...rss_mb), `resident, in MB: ${rss_mb.join(', ')}`).toBeLessThan(MAX_MB);
    expect(descriptors.at(-1)).toBeLessThanOrEqual((descriptors[0] ?? 0) + 1);
  });
});

describe('the daemon that exports 12,000 executions of twenty hooks to a slow collector', () => {
  it('never has 90 MB', TIMEOUT, async () => {
    const home = makeHome();
    const collector = await startSlowCollector({ answerMs: 1000, failEvery: 10 });
    onTestFinished(collector.close);
    const port = await freePort();
    const opentelemetry = { enabled: true, endpoint: collector.endpoint, logs: true };
    const prometheus = { enabled: true, port };
    writeFileSync(
      statePaths(home).config,
      JSON.stringify({
        prometheus,
        opentelemetry: { ...opentelemetry, metrics_interval_seconds: 1 },
      }),
    );
    const scrape = async (): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      return (await response.text()).length;
    };
    await withDaemon(home, async (daemon) => {
      const load = createLoad(statePaths(home), socketPath(home));
      for (let written = 3000; written <= 12_000; written += 3000) {
        await load.write(3000, 3000);
        await expect
          .poll(async () => (await askDaemon(socketPath(home)))?.drained, TIMEOUT)
          .toBe(written);
        expect(await scrape()).toBeGreaterThan(10_000);
      }
      const peak = createSampler(daemon.pid ?? 0, statePaths(home)).peakBytes() / 1e6;
      expect(peak, 'the most it ever had resident, in MB').toBeLessThan(MAX_MB);
    });
    expect([...collector.arrived.keys()].sort()).toEqual(['/v1/logs', '/v1/metrics', '/v1/traces']);
  });
});
