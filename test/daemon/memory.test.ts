import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { measureDaemon } from '../../bench/daemon.ts';

describe('the daemon after 20,000 executions, and after three times as many', () => {
  it('stays under 90 MB, and holds no more descriptors', { timeout: 300_000 }, async () => {
    const home = mkdtempSync(join(tmpdir(), 'hookbus-memory-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const { rss_mb, descriptors } = await measureDaemon(join(home, 'state'), 20_000);
    expect(Math.max(...rss_mb), `resident, in MB: ${rss_mb.join(', ')}`).toBeLessThan(90);
    expect(descriptors.at(-1)).toBeLessThanOrEqual((descriptors[0] ?? 0) + 1);
  });
});
