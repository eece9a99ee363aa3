import { expect, it, onTestFinished } from 'vitest';
import { readSkippedGuards } from '../../../src/app/reading/read-skipped-guards.ts';
import { cleanUp } from '../../../src/app/retention/clean-up.ts';
import { openUpToDate } from '../../../src/app/store/up-to-date.ts';
import type { Execution } from '../../../src/domain/execution.ts';
import { listAlerts } from '../../../src/store/alerts.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { createExecutionWriter } from '../../../src/store/executions.ts';
import { anExecution, recordedOf } from '../../support/seed.ts';
import { freshState, makeDatabase } from '../../support/state.ts';

const HOUR = 3_600_000;

/** A state directory without a daemon, whose clock stands still until the test advances it. */
function aWorld() {
  const { paths } = freshState();
  makeDatabase(paths);
  const db = openDatabase(paths.database, 5000);
  onTestFinished(() => void db.close());
  const writer = createExecutionWriter(db);
  let nowMs = Date.now();
  const command = (): void => openUpToDate(paths, () => nowMs)?.close();
  return {
    wait(hours: number): void {
      nowMs += hours * HOUR;
    },
    skip(count: number, what: Partial<Execution> = {}): void {
      const createdAt = new Date(nowMs).toISOString();
      const skipped = {
        hookName: 'guard',
        eventType: 'PreToolUse',
        status: 'breaker_skip',
      } as const;
      const one = () => recordedOf(anExecution({ ...skipped, error: 'off', createdAt, ...what }));
      writer.write(Array.from({ length: count }, one));
    },
    command,
    /** What a user's command sees. */
    look() {
      command();
      return listAlerts(db, '').map(({ state, subject, value }) => `${subject} ${state} ${value}`);
    },
    skipped: () => readSkippedGuards(db, []).map(({ hook_name, count }) => `${hook_name} ${count}`),
    cleanUp: () => {
      command();
      return cleanUp({
        store: { use: (work) => work(db) },
        paths,
        beforeMs: nowMs,
        isDryRun: false,
        now: () => nowMs,
        pause: async () => undefined,
      });
    },
  };
}

it('a skipped guard stays an open alert until it was not skipped for a day, and then becomes history', () => {
  const world = aWorld();
  world.skip(2);
  expect(world.look()).toEqual(['guard open 2']);
  world.wait(23);
  world.skip(1, { error: 'breaker open' });
  expect(world.look()).toEqual(['guard open 3']);
  world.wait(23.9);
  expect(world.look()).toEqual(['guard open 3']);
  world.wait(0.2);
  expect(world.look()).toEqual(['guard cleared 3']);
  expect(world.skipped()).toEqual([]);
  world.skip(1);
  world.wait(0.1);
  expect(world.look()).toEqual(['guard open 1', 'guard cleared 3']);
});

it('an alert that nobody saw for days stays open for a day after the first command, even if its executions are deleted', async () => {
  const world = aWorld();
  world.skip(1);
  world.wait(24 * 30);
  await world.cleanUp();
  expect(world.look()).toEqual(['guard open 1']);
  world.wait(23);
  await world.cleanUp();
  expect(world.look()).toEqual(['guard open 1']);
  world.wait(2);
  expect(world.look()).toEqual(['guard cleared 1']);
});

it('each hook has its own alert, and an execution that is stored twice counts once', () => {
  const world = aWorld();
  const twice = { executionId: '01a20375-0000-7000-8000-00000000000a' };
  world.skip(1, twice);
  world.skip(1, twice);
  world.skip(2, { hookName: 'other', eventType: 'Stop', error: 'breaker open' });
  expect(world.look().sort()).toEqual(['guard open 1', 'other open 2']);
});

it.each([
  [
    'a duplicate that was refused again',
    { status: 'dedupe_skip', error: 'refused again, as a duplicate of x\nno' },
  ],
  ['a guard skipped on an event that no hook can block', { eventType: 'PostToolUse' }],
  ['a guard that ran', { status: 'blocked' }],
] as const)('%s opens no alert', (_what, execution) => {
  const world = aWorld();
  world.skip(1, execution);
  expect(world.look()).toEqual([]);
  expect(world.skipped()).toEqual([]);
});

it.each([
  ['a duplicate that got an allow', { status: 'dedupe_skip', error: 'duplicate of x' }],
  [
    'a duplicate of an execution whose id says otherwise',
    { status: 'dedupe_skip', error: 'duplicate of x, refused again, as a duplicate of y' },
  ],
  ['a guard skipped on an unnamed event', { eventType: '' }],
  ['a guard of another agent', { eventType: 'beforeShellExecution' }],
  [
    'a hook of Cline after a tool, where it can refuse',
    { eventType: 'PostToolUse', agent: 'cline' },
  ],
] as const)('%s opens an alert', (_what, execution) => {
  const world = aWorld();
  world.skip(1, execution);
  expect(world.look()).toEqual(['guard open 1']);
});
