/*
 * Puts an hour of executions, compressed into minutes, through a daemon with a large database, a slow collector and a
 * Prometheus. Prints what it took, and exits with 1 if a bound is broken. Run it from the root of the repository:
 * make bench-scale [ROWS=10000000] [SECONDS=300] [RATE=200]. docs/performance.md explains it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { socketPath, statePaths } from '../src/config/home/paths.ts';
import { makeStateHome } from '../src/config/home/state-home.ts';
import { askDaemon } from '../src/daemon/client/client.ts';
import { percentile } from '../src/metrics/percentile.ts';
import { freePort } from '../test/support/free-port.ts';
import { fillMonth } from '../test/support/million.ts';
import { withDaemon } from './daemon.ts';
import { createLoad } from './scale/load.ts';
import { timeRuns } from './scale/runs.ts';
import { countRows, createSampler, type Sample } from './scale/sampler.ts';
import { startSlowCollector } from './slow-collector.ts';
import { LAUNCHER } from './subjects.ts';

const [ROWS = 10_000_000, SECONDS = 300, RATE = 200] = process.argv.slice(2).map(Number);
const RECORDS = RATE * 3600;
/** The load comes in this many parts, and between them the daemon has nothing to do. */
const PARTS = 6;
/** Timed runs of a part, with and without load. */
const RUNS = 30;
/** A tenth of the rows of `fillMonth` are older. */
const RETENTION_DAYS = 27;
/** How long after its start a daemon begins to delete what has expired. */
const FIRST_RETENTION_SECONDS = 60;
/** How long to wait for the daemon to ingest a part, in s. */
const MAX_WAIT_SECONDS = Math.max(120, 3 * SECONDS);

const COLLECTOR = { answerMs: 2000, failEvery: 10 };
const SCRAPE_MS = 5000;

/** What must hold. */
const MAX_RSS_MB = 90;
/** Growth of the resident memory from the first part of the load to the last. */
const MAX_RSS_GROWTH = 1.1;
/** Size of the database for each row, against that at the start. */
const MAX_ROW_GROWTH = 1.25;
const MAX_WAL_MB = 64;
/** Time of a run beside a busy daemon, against beside an idle one, each divided by that of the bare command. */
const MAX_SLOWDOWN = 1.5;

const median = (values: readonly number[]): number =>
  percentile(
    [...values].sort((a, b) => a - b),
    50,
  ) ?? 0;
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

async function until(seconds: number, isIt: () => boolean | Promise<boolean>): Promise<boolean> {
  const end = performance.now() + seconds * 1000;
  while (!(await isIt())) {
    if (performance.now() > end) return false;
    await wait(100);
  }
  return true;
}

async function measure(scratch: string): Promise<string[]> {
  const home = join(scratch, 'state');
  const timer = join(scratch, 'timer');
  execFileSync(process.env['CC'] ?? 'cc', ['-O2', '-o', timer, join('bench', 'timer.c')]);
  makeStateHome(home);
  const paths = statePaths(home);
  const filledAtMs = performance.now();
  fillMonth(paths.database, ROWS, false);
  console.log(`${ROWS} rows in ${((performance.now() - filledAtMs) / 1000).toFixed(0)} s`);
  const collector = await startSlowCollector(COLLECTOR);
  const port = await freePort();
  writeFileSync(
    paths.config,
    JSON.stringify({
      retention_days: RETENTION_DAYS,
      prometheus: { enabled: true, port },
      opentelemetry: {
        enabled: true,
        endpoint: collector.endpoint,
        logs: true,
        metrics_interval_seconds: 5,
      },
    }),
  );
  let scrapes = 0;
  const scraping = setInterval(() => {
    fetch(`http://127.0.0.1:${port}/metrics`)
      .then(async (response) => {
        await response.text();
        scrapes += 1;
      })
      .catch(() => undefined);
  }, SCRAPE_MS);
  const broken: string[] = [];
  const bound = (holds: boolean, what: string): void => {
    if (!holds) broken.push(what);
    console.log(`${holds ? 'holds ' : 'BROKEN'} ${what}`);
  };
  try {
    await withDaemon(home, async (daemon) => {
      const sampler = createSampler(daemon.pid ?? 0, paths);
      const load = createLoad(paths, socketPath(home));
      const before = countRows(paths.database, RETENTION_DAYS);
      const start = sampler.take();
      const parts: Sample[][] = [];
      const drainRates: number[] = [];
      const [busy, idle]: number[][][] = [[], []];
      const startedAtMs = performance.now();
      for (let part = 0; part < PARTS; part += 1) {
        const samples: Sample[] = [];
        const taking = setInterval(() => samples.push(sampler.take()), 500);
        const partStartedAtMs = performance.now();
        const [runs] = await Promise.all([
          timeRuns(timer, home, RUNS),
          load.write(RECORDS / PARTS, (RECORDS / SECONDS) | 0),
        ]);
        busy?.push(...runs);
        const isEmpty = await until(
          MAX_WAIT_SECONDS,
          () => sampler.take().spoolBytes === 0 || isDrained(),
        );
        drainRates.push((RECORDS / PARTS / (performance.now() - partStartedAtMs)) * 1000);
        bound(isEmpty, `part ${part + 1}: the spool was ingested within ${MAX_WAIT_SECONDS} s`);
        samples.push(sampler.take());
        clearInterval(taking);
        parts.push(samples);
        idle?.push(...(await timeRuns(timer, home, RUNS)));
        printPart(part, samples, drainRates.at(-1) ?? 0);
      }
      async function isDrained(): Promise<boolean> {
        const state = await askDaemon(socketPath(home));
        return (state?.drained ?? 0) >= load.written();
      }
      const wallSeconds = (performance.now() - startedAtMs) / 1000;
      const state = await askDaemon(socketPath(home));
      const retentionSeconds = (performance.now() - startedAtMs) / 1000 - FIRST_RETENTION_SECONDS;
      const after = countRows(paths.database, RETENTION_DAYS);
      const end = sampler.take();
      report();

      function report(): void {
        const all = parts.flat();
        const highest = (of: (sample: Sample) => number): number => Math.max(...all.map(of));
        const peak = sampler.peakBytes();
        const cpu = end.cpuSeconds - start.cpuSeconds;
        console.log(`
memory    ${mb(start.rssBytes)} at the start, at most ${mb(peak)}, ${mb(end.rssBytes)} at the end
drain     ${RECORDS} records in ${wallSeconds.toFixed(0)} s, ${SECONDS} s of them load; the spool had at most ${mb(highest((s) => s.spoolBytes))}
          ${Math.round(median(drainRates))} records a second (median part)
database  ${mb(start.databaseBytes)} and ${before.rows} rows at the start, ${mb(end.databaseBytes)} and ${after.rows} rows at the end
          WAL at most ${mb(highest((s) => s.walBytes))}; ${before.expired - after.expired} of ${before.expired} expired rows deleted
CPU       ${cpu.toFixed(0)} s of the daemon, ${((cpu / RECORDS) * 1e6).toFixed(0)} us for an execution`);
        const added = (runs: readonly (readonly number[])[]) =>
          median(runs.map(([bare = 0, wrapped = 0]) => (wrapped - bare) / 1e6)).toFixed(2);
        const share = (runs: readonly (readonly number[])[]) =>
          median(runs.map(([bare = 1, wrapped = 0]) => wrapped / bare));
        const slowdown = share(busy ?? []) / share(idle ?? []);
        console.log(`runs      ${added(busy ?? [])} ms added (P50) beside the load, ${added(idle ?? [])} ms without it; ratio of ratios ${slowdown.toFixed(2)}
collector ${[...collector.arrived].map(([path, { requests, bytes }]) => `${path} ${requests} requests, ${mb(bytes)}`).join('; ')}
exporters ${(state?.exporters ?? []).map(({ name, sent, dropped, failures }) => `${name} ${sent} sent, ${dropped} dropped, ${failures} failures`).join('; ')}; ${scrapes} scrapes
`);
        const [first = [], last = []] = [parts[0], parts.at(-1)];
        const growth = median(last.map((s) => s.rssBytes)) / median(first.map((s) => s.rssBytes));
        bound(peak < MAX_RSS_MB * 1e6, `memory stays under ${MAX_RSS_MB} MB`);
        bound(
          growth < MAX_RSS_GROWTH,
          `memory is flat: from the first part to the last, ${growth.toFixed(2)} times`,
        );
        bound(median(drainRates) >= RATE, `the daemon ingests at least ${RATE} records a second`);
        const perRow = end.databaseBytes / after.rows / (start.databaseBytes / before.rows);
        bound(
          perRow < MAX_ROW_GROWTH,
          `the file has ${perRow.toFixed(2)} times as many bytes for a row as at the start`,
        );
        bound(
          highest((s) => s.walBytes) < MAX_WAL_MB * 1e6,
          `the WAL stays under ${MAX_WAL_MB} MB`,
        );
        const deleted = before.expired - after.expired;
        bound(
          after.expired === 0 || deleted / retentionSeconds >= RATE,
          `retention deletes everything that expired, or more than ${RATE} rows a second`,
        );
        bound(
          slowdown < MAX_SLOWDOWN,
          `a run takes less than ${MAX_SLOWDOWN} times as long beside the load`,
        );
        bound(scrapes > 0, 'Prometheus was served');
      }
    });
  } finally {
    clearInterval(scraping);
    collector.close();
  }
  return broken;
}

function printPart(part: number, samples: readonly Sample[], rate: number): void {
  const last = samples.at(-1);
  const spool = Math.max(...samples.map(({ spoolBytes }) => spoolBytes));
  console.log(
    `part ${part + 1}: ${Math.round(rate)} records a second; memory ${mb(last?.rssBytes ?? 0)}, spool at most ${mb(spool)}, database ${mb(last?.databaseBytes ?? 0)}, WAL ${mb(last?.walBytes ?? 0)}`,
  );
}

if (!existsSync(LAUNCHER))
  throw new Error('bin/hookbus is missing; run make build on a machine with a C compiler');
console.log(
  `${cpus().length} x ${cpus()[0]?.model}; load ${loadavg()[0]?.toFixed(2)}; Node ${process.version}`,
);
const scratch = mkdtempSync(join(tmpdir(), 'hookbus-scale-'));
try {
  const broken = await measure(scratch);
  console.log(`\nload ${loadavg()[0]?.toFixed(2)}; ${broken.length} bounds broken`);
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
