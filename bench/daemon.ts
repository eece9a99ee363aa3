import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { socketPath, statePaths } from '../src/config/home/paths.ts';
import { makeStateHome } from '../src/config/home/state-home.ts';
import { askDaemon, askDashboard } from '../src/daemon/client/client.ts';
import type { DaemonState } from '../src/daemon/state.ts';
import { daemonEnvironment } from '../src/os/daemon-environment.ts';
import { encodeBegin, encodeEnd } from '../src/protocol/record.ts';
import { createSpool } from '../src/spool/spool.ts';
import { freePort } from '../test/support/free-port.ts';
import { aBegin, anEnd } from '../test/support/records.ts';

/** How long to wait for anything here, in ms: a benchmark that hangs is useless. */
const DEADLINE_MS = 120_000;

const ENTRY = join(process.cwd(), 'bin', 'hookbus.js');

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`expected ${what} within ${DEADLINE_MS} ms`);
    await wait(10);
  }
}

/** Ends a process and waits for its end; kills it if it does not react. */
async function end(child: ChildProcess): Promise<void> {
  const isOver = async (): Promise<true | undefined> =>
    child.exitCode !== null || child.signalCode !== null || undefined;
  child.kill('SIGTERM');
  try {
    await until('the process to end', isOver);
  } catch {
    child.kill('SIGKILL');
    await until('the process to be gone', isOver);
  }
}

// Without this, a daemon would write to the home of whoever measures.
delete process.env['HOME'];

/** Starts another `hookbus` command on this state directory, without output. */
function start(home: string, ...words: string[]): ChildProcess {
  const env = { ...daemonEnvironment(home), HOOKBUS_ENABLED: '1' };
  return spawn(process.execPath, [ENTRY, ...words], { env, stdio: 'ignore' });
}

/** Leaves records in the spool, like launchers. */
function fillSpool(home: string, count: number, ageMs = 0): void {
  const paths = statePaths(home);
  makeStateHome(home);
  const spool = createSpool(paths.spool, paths.quarantine);
  for (let index = 0; index < count; index += 1) {
    const begin = aBegin({ createdAtMs: Date.now() - ageMs });
    spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(anEnd()));
  }
}

/** Does `work` while a daemon runs that answers, and ends it in any case. */
export async function withDaemon<T>(
  home: string,
  work: (daemon: ChildProcess) => Promise<T>,
): Promise<T> {
  const daemon = start(home, 'daemon', 'run');
  try {
    await stateOf(home, (state) => state.pid === daemon.pid);
    const result = await work(daemon);
    // Runs that nobody recorded would be cheap.
    await stateOf(home, ({ drained }) => drained > 0);
    return result;
  } finally {
    await end(daemon);
  }
}

const stateOf = (home: string, isIt: (state: DaemonState) => boolean): Promise<DaemonState> =>
  until('the report of the daemon', async () => {
    const state = await askDaemon(socketPath(home));
    return state !== undefined && isIt(state) ? state : undefined;
  });

export interface DaemonFigures {
  readonly drained_per_second: number;
  readonly executions: number[];
  readonly rss_mb: number[];
  readonly descriptors: number[];
}

/** What a process holds open all the time: connections that it is about to close, such as the last question's, are not counted. */
async function fewestDescriptors(pid: number | undefined): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  for (let reading = 0; reading < 20; reading += 1) {
    fewest = Math.min(fewest, readdirSync(`/proc/${pid}/fd`).length);
    await wait(25);
  }
  return fewest;
}

/** Ingest rate, including the daemon's start, and the memory and descriptors it keeps after that many executions and after twice as many. */
export async function measureDaemon(home: string, count: number): Promise<DaemonFigures> {
  fillSpool(home, count);
  const before = performance.now();
  return withDaemon(home, async (daemon) => {
    const figures: DaemonFigures = {
      drained_per_second: 0,
      executions: [],
      rss_mb: [],
      descriptors: [],
    };
    const look = async (executions: number): Promise<number> => {
      const state = await stateOf(home, ({ drained }) => drained >= executions);
      const seconds = (performance.now() - before) / 1000;
      figures.executions.push(executions);
      figures.rss_mb.push(state.rss_bytes / 1e6);
      figures.descriptors.push(await fewestDescriptors(daemon.pid));
      return executions / seconds;
    };
    const rate = await look(count);
    for (const times of [2, 3]) {
      fillSpool(home, count);
      await look(times * count);
    }
    return { ...figures, drained_per_second: rate };
  });
}

/** Does `work` while a daemon ingests and a clean-up deletes everything in the database. */
export async function whileBusy<T>(home: string, work: () => T): Promise<T> {
  fillSpool(home, 30_000, 30 * 86_400_000);
  return withDaemon(home, async () => {
    const cleanup = start(home, 'cleanup');
    try {
      return work();
    } finally {
      await end(cleanup);
    }
  });
}

/** Does `work` beside a daemon with alerts, exporters and dashboard, each in use. */
export async function withEverythingOn<T>(home: string, work: () => Promise<T>): Promise<T> {
  const observers = spawn(process.execPath, [join(process.cwd(), 'bench', 'observers.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const said = createInterface({ input: observers.stdout })[Symbol.asyncIterator]();
    const ports = JSON.parse((await said.next()).value ?? '') as Record<string, number>;
    const port = await freePort();
    makeStateHome(home);
    writeFileSync(
      statePaths(home).config,
      JSON.stringify({
        prometheus: { enabled: true, port },
        statsd: { enabled: true, port: ports['statsd'], tags: 'dogstatsd' },
        opentelemetry: {
          enabled: true,
          endpoint: `http://127.0.0.1:${ports['opentelemetry']}`,
          metrics_interval_seconds: 1,
        },
      }),
    );
    return await withDaemon(home, async () => {
      const page = await askDashboard(socketPath(home));
      if (page === undefined || !('url' in page)) throw new Error('expected the URL of a page');
      const metrics = `http://127.0.0.1:${port}/metrics`;
      await stateOf(home, ({ exporters }) => exporters.every(({ state }) => state === 'working'));
      observers.stdin.write(`${JSON.stringify({ metrics, dashboard: page.url })}\n`);
      if ((await said.next()).value !== '200') throw new Error('expected the feed of the page');
      return work();
    });
  } finally {
    await end(observers);
  }
}
