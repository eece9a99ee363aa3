/*
 * For vitest: fails a run of tests if a daemon that they started is still there afterwards, and ends it.
 */
import { kill } from 'node:process';
import { until } from '../conformance/support/until.ts';
import { testDaemons } from './daemons-left.ts';

/** How long a daemon may take to stop, in ms. */
const LEAVING_MS = 5000;

let before: ReadonlySet<number> = new Set();

export function setup(): void {
  before = new Set(testDaemons());
}

/** @throws if there is one */
export async function teardown(): Promise<void> {
  const left = (): number[] => testDaemons().filter((pid) => !before.has(pid));
  await until('every daemon to leave', () => left().length === 0, LEAVING_MS).catch(
    () => undefined,
  );
  const pids = left();
  for (const pid of pids) kill(pid, 'SIGKILL');
  if (pids.length === 0) return;
  // vitest reports an error of a teardown, but exits with 0.
  process.exitCode = 1;
  throw new Error(`expected the tests to leave no daemon, got ${pids.join(', ')}: ended now`);
}
