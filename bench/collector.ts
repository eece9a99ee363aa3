/*
 * Says what the defaults of the OpenTelemetry exporter cost one collector that many machines send to: by formula, and by
 * what a few real daemons at work send to a collector on the loopback, scaled up. Run it from the root of the repository:
 * make bench-collector [MACHINES=5000]. docs/performance.md explains it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DEFAULT_CONFIG } from '../src/config/file/config-file.ts';
import { socketPath, statePaths } from '../src/config/home/paths.ts';
import { makeStateHome } from '../src/config/home/state-home.ts';
import { withDaemon } from './daemon.ts';
import { createLoad } from './scale/load.ts';
import { type Arrived, startSlowCollector } from './slow-collector.ts';

const MACHINES = Number(process.argv[2] ?? 5000);
/** Real daemons. */
const SAMPLE = 10;
/** What an agent does on one machine: calls of tools in a minute, and hooks that run for each. */
const CALLS_PER_MINUTE = 6;
const HOOKS = 3;
/** Intervals of the metrics that are measured. */
const INTERVALS = 2;
const INTERVAL_SECONDS = DEFAULT_CONFIG.opentelemetry.metrics_interval_seconds;
/** The signals, and how often one machine sends each in a second if nothing waits. */
const SIGNALS: Readonly<Record<string, number>> = {
  '/v1/metrics': 1 / INTERVAL_SECONDS,
  '/v1/traces': CALLS_PER_MINUTE / 60,
  '/v1/logs': CALLS_PER_MINUTE / 60,
};

/** What each signal of the sample came to, by its path, in a second of one machine. */
async function measure(scratch: string): Promise<ReadonlyMap<string, Arrived>> {
  const collector = await startSlowCollector({ answerMs: 20, failEvery: 0 });
  const opentelemetry = {
    enabled: true,
    endpoint: collector.endpoint,
    logs: true,
  };
  const seconds = INTERVALS * INTERVAL_SECONDS;
  let started = 0;
  let start = (): void => undefined;
  const allStarted = new Promise<void>((resolve) => {
    start = resolve;
  });
  // Daemons that end send once more, so they end later.
  const measured = allStarted.then(async () => {
    collector.arrived.clear();
    await wait(seconds * 1000);
    return new Map(
      [...collector.arrived].map(([path, { requests, bytes }]) => [
        path,
        { requests: requests / SAMPLE / seconds, bytes: bytes / SAMPLE / seconds },
      ]),
    );
  });
  const work = async (number: number): Promise<void> => {
    const home = join(scratch, String(number));
    makeStateHome(home);
    const paths = statePaths(home);
    writeFileSync(paths.config, JSON.stringify({ opentelemetry }));
    await withDaemon(home, async () => {
      started += 1;
      if (started === SAMPLE) start();
      await allStarted;
      const load = createLoad(paths, socketPath(home));
      const betweenMs = 60_000 / CALLS_PER_MINUTE;
      // Agents do not work in step.
      await wait((number / SAMPLE) * betweenMs);
      for (let call = 0; call < (seconds * 1000) / betweenMs; call += 1) {
        await load.write(HOOKS, Number.POSITIVE_INFINITY);
        await wait(betweenMs);
      }
      await measured;
    });
  };
  try {
    await Promise.all(Array.from({ length: SAMPLE }, (_, number) => work(number)));
    return await measured;
  } finally {
    collector.close();
  }
}

const scratch = mkdtempSync(join(tmpdir(), 'hookbus-collector-'));
try {
  const measured = await measure(scratch);
  console.log(
    `${MACHINES} machines with ${CALLS_PER_MINUTE} calls of tools a minute and ${HOOKS} hooks for each; measured with ${SAMPLE} daemons for ${INTERVALS * INTERVAL_SECONDS} s\n`,
  );
  console.log('               requests a second            KB a second      KB');
  console.log('               formula      measured        measured         a request');
  for (const [path, formula] of Object.entries(SIGNALS)) {
    const { requests = 0, bytes = 0 } = measured.get(path) ?? {};
    const cells = [
      (formula * MACHINES).toFixed(0),
      (requests * MACHINES).toFixed(0),
      ((bytes * MACHINES) / 1000).toFixed(0),
      (bytes / 1000 / Math.max(requests, Number.MIN_VALUE)).toFixed(1),
    ].map((cell) => cell.padStart(12));
    console.log(path.padEnd(12) + cells.join(''));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
