import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CleanupParts, cleanUp } from '../../src/bus/clean-up.ts';
import { openDatabase } from '../../src/store/database.ts';
import { readContents } from '../../src/store/queries-overview.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState, spoolWhole } from '../support/state.ts';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const DAY_MS = 86_400_000;

const iso = (ms: number): string => new Date(ms).toISOString();

/** A state directory with so many old executions of 20 kB each, and one of today. */
function aState(old: number) {
  const state = freshState();
  const body = new Uint8Array(20_000);
  const payloads = [{ stream: 'stdin', encoding: 'identity', truncated: false, body } as const];
  writeExecutions(state.paths.database, [
    ...Array.from({ length: old }, (_, index) =>
      recordedOf(anExecution({ createdAt: iso(NOW - 9 * DAY_MS + index) }), payloads),
    ),
    recordedOf(anExecution({ createdAt: iso(NOW - 1000) }), payloads),
  ]);
  return state;
}

function partsOf(paths: CleanupParts['paths'], changes: Partial<CleanupParts> = {}): CleanupParts {
  return {
    paths,
    beforeMs: NOW - 7 * DAY_MS,
    isDryRun: false,
    now: () => NOW,
    pause: () => Promise.resolve(),
    ...changes,
  };
}

function contentsOf(path: string) {
  const db = openDatabase(path, 0);
  const contents = readContents(db);
  db.close();
  return contents;
}

it('takes away what is past its time and gives the space back', async () => {
  const { paths } = aState(150);
  const report = await cleanUp(partsOf(paths));
  expect(report).toMatchObject({
    dry_run: false,
    before: iso(NOW - 7 * DAY_MS),
    executions: 150,
    payloads: 150,
  });
  expect(report.bytes_before).toBeGreaterThan(3_000_000);
  expect(report.bytes_after).toBeLessThan(300_000);
  expect(report.bytes_freed).toBe(report.bytes_before - report.bytes_after);
  expect(contentsOf(paths.database)).toMatchObject({ executions: 1, withPayloads: 1 });
});

it('says what would go and changes nothing on a dry run', async () => {
  const { paths } = aState(20);
  const before = contentsOf(paths.database);
  const report = await cleanUp(partsOf(paths, { isDryRun: true }));
  expect(report).toMatchObject({ dry_run: true, executions: 20, payloads: 20, bytes_freed: 0 });
  expect(contentsOf(paths.database)).toEqual(before);
});

it('works in turns, and lets others have the database between them', async () => {
  const { paths } = aState(120);
  let clockMs = NOW;
  const left: number[] = [];
  // Every turn seems to take 100 ms, so that each does a fifth of the one before.
  await cleanUp(
    partsOf(paths, {
      now: () => {
        clockMs += 100;
        return clockMs;
      },
      beforeMs: NOW,
      pause: () => {
        const other = openDatabase(paths.database, 0);
        other.exec("INSERT INTO notices VALUES ('spool', hex(randomblob(8)), 1, '9', '9')");
        left.push(readContents(other).executions);
        other.close();
        return Promise.resolve();
      },
    }),
  );
  // In the turns before, what is to go was counted.
  const deleting = left.slice(left.findIndex((executions) => executions < 121));
  expect(deleting.slice(0, 4)).toEqual([71, 61, 59, 58]);
  expect(left.at(-1)).toBe(0);
});

it('drains the spool first, so that what waited there is judged too', async () => {
  const { paths } = freshState();
  spoolWhole(paths, { createdAtMs: NOW - 30 * DAY_MS });
  spoolWhole(paths, { createdAtMs: NOW - DAY_MS });
  expect(await cleanUp(partsOf(paths))).toMatchObject({ executions: 1 });
  expect(contentsOf(paths.database).executions).toBe(1);
});

it('removes unreadable records of that age, and keeps younger ones', async () => {
  const { paths } = aState(0);
  mkdirSync(paths.setAside, { recursive: true });
  const [old, young] = [join(paths.setAside, 'old.rec'), join(paths.setAside, 'young.rec')];
  for (const path of [old, young]) writeFileSync(path, 'x');
  utimesSync(old, 0, 0);
  expect(await cleanUp(partsOf(paths, { isDryRun: true }))).toMatchObject({
    unreadable_records: 1,
  });
  expect(existsSync(old)).toBe(true);
  expect(await cleanUp(partsOf(paths))).toMatchObject({ unreadable_records: 1 });
  expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
});

it('has nothing to do, and makes nothing, where nothing was ever recorded', async () => {
  const { home, paths } = freshState();
  expect(await cleanUp(partsOf(paths))).toMatchObject({ executions: 0, bytes_before: 0 });
  expect(existsSync(home)).toBe(false);
});
