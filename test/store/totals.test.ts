import { describe, expect, it } from 'vitest';
import { assemble } from '../../src/app/recording/assemble.ts';
import type { Execution } from '../../src/domain/execution.ts';
import { MAX_COMBINATIONS, MAX_HOOKS, MAX_PROJECTS, OTHER } from '../../src/domain/exported.ts';
import type { Begin, End } from '../../src/domain/record.ts';
import { DURATION_BOUNDS_MS, OVERHEAD_BOUNDS_MS } from '../../src/domain/totals.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { readDecisionTotals } from '../../src/store/decision-totals.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { readExported } from '../../src/store/queries/export.ts';
import { lastLogId } from '../../src/store/queries/last-log-id.ts';
import { deleteExecutions } from '../../src/store/retention.ts';
import { countNext, readTotals } from '../../src/store/totals.ts';
import { aBegin, anEnd } from '../support/records.ts';
import { anExecution, recordedOf } from '../support/seed.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const aDatabase = (): Database => openDatabase(`${temporaryDirectory()}/hook_bus.db`, 0);

function record(db: Database, begin: Partial<Begin> = {}, end: Partial<End> = {}): void {
  createExecutionWriter(db).write([assemble(aBegin(begin), anEnd(end))]);
}

const countAll = (db: Database): void => {
  while (countNext(db, 500) > 0);
};

const executionsIn = (db: Database): number =>
  readTotals(db).reduce((sum, { executions }) => sum + executions, 0);

/** The count of a histogram bucket, found by its bound. */
const filled = (buckets: readonly number[], bounds: readonly number[]) =>
  Object.fromEntries(
    buckets.flatMap((count, index) => (count > 0 ? [[bounds[index] ?? 'more', count]] : [])),
  );

describe('the totals', () => {
  it('count every execution once, by hook, event and status, with times in their buckets', () => {
    const db = aDatabase();
    for (const durationMs of [0, 5, 5.1, 600_000, 600_001]) {
      record(db, { hookName: 'lint', eventType: 'Stop' }, { durationMs, overheadMs: 0.4 });
    }
    record(
      db,
      { hookName: 'lint', eventType: 'Stop' },
      { kind: 'dedupe_skip', dedupeKey: 'k', overheadMs: 3 },
    );
    countAll(db);
    countAll(db);
    const [skipped, ran] = readTotals(db);
    expect(ran).toMatchObject({
      ...{ hookName: 'lint', eventType: 'Stop', status: 'success', executions: 5, keyed: 0 },
      duration: { count: 5, sumMs: 1_200_011.1 },
      overhead: { count: 5, sumMs: 2 },
    });
    expect(filled(ran?.duration.buckets ?? [], DURATION_BOUNDS_MS)).toEqual({
      ...{ 5: 2, 10: 1, 600000: 1, more: 1 },
    });
    expect(filled(ran?.overhead.buckets ?? [], OVERHEAD_BOUNDS_MS)).toEqual({ 0.5: 5 });
    expect(skipped).toMatchObject({
      ...{ status: 'dedupe_skip', executions: 1, keyed: 1, overhead: { count: 1, sumMs: 3 } },
    });
    db.close();
  });

  it('include what retention deletes, and never decrease', () => {
    const db = aDatabase();
    for (let index = 0; index < 30; index += 1) record(db);
    expect(countNext(db, 10)).toBe(10);
    const { executions } = deleteExecutions(db, { before: '9' }, 25);
    expect(executions).toBe(25);
    expect(executionsIn(db)).toBe(30);
    deleteExecutions(db, { before: '9' }, 25);
    record(db);
    countAll(db);
    expect(executionsIn(db)).toBe(31);
    db.close();
  });

  it('count every execution by decision, however its hook refused, and none that is not known', () => {
    const db = aDatabase();
    const of = (changes: Partial<Execution>) => recordedOf(anExecution(changes));
    const write = createExecutionWriter(db);
    write.write([
      of({ decision: 'deny', stdoutKind: 'json' }),
      of({ decision: 'deny', status: 'blocked', exitCode: 2 }),
      of({ decision: 'deny', status: 'dedupe_skip' }),
      of({ status: 'blocked', exitCode: 2 }),
      of({ decision: 'ask' }),
      of({ decision: 'ask' }),
    ]);
    db.exec('UPDATE hook_logs SET decision = NULL WHERE id = 6');
    expect(countNext(db, 2)).toBe(2);
    deleteExecutions(db, { before: '9' }, 25);
    countAll(db);
    const found = readDecisionTotals(db).map(({ decision, executions }) => [decision, executions]);
    expect(found).toEqual([
      ['ask', 1],
      ['deny', 3],
      ['none', 1],
    ]);
    db.close();
  });

  it('continue after everything was deleted and the ids start again', () => {
    const db = aDatabase();
    for (let index = 0; index < 5; index += 1) record(db);
    countAll(db);
    db.exec('DELETE FROM hook_logs; DELETE FROM sqlite_sequence');
    record(db);
    record(db);
    countAll(db);
    expect(executionsIn(db)).toBe(7);
    db.close();
  });

  it(`distinguish ${MAX_HOOKS} hooks, always the same ones, and call the rest ${OTHER}`, () => {
    const db = aDatabase();
    for (let index = 0; index < MAX_HOOKS + 50; index += 1) {
      record(db, { hookName: `hook-${index}` });
    }
    countAll(db);
    record(db, { hookName: 'hook-3' });
    record(db, { hookName: 'late' });
    record(db, { hookName: 'x'.repeat(5000) });
    countAll(db);
    const byName = new Map(
      readTotals(db).map(({ hookName, executions }) => [hookName, executions]),
    );
    expect(byName.size).toBe(MAX_HOOKS + 1);
    expect([byName.get('hook-3'), byName.get(OTHER)]).toEqual([2, 52]);
    const decisions = readDecisionTotals(db).map(({ hookName, executions }) => [
      hookName,
      executions,
    ]);
    expect(new Map(decisions as [string, number][])).toEqual(byName);
    db.close();
  });

  it(`tell agents and ${MAX_PROJECTS} projects apart, by name of directory, in ${MAX_COMBINATIONS} combinations`, () => {
    const db = aDatabase();
    const write = createExecutionWriter(db);
    const of = (changes: Partial<Execution>) => write.write([recordedOf(anExecution(changes))]);
    const perHook = MAX_PROJECTS + 5;
    for (let hook = 0; hook < 12; hook += 1)
      for (let project = 0; project < perHook; project += 1)
        of({ hookName: `hook-${hook}`, agent: 'claude', project: `/home/dev/project-${project}` });
    of({ hookName: 'hook-0', agent: 'codex', project: '/elsewhere/project-3' });
    of({ hookName: 'hook-0', project: undefined });
    countAll(db);
    const all = readTotals(db);
    expect(all.reduce((sum, { executions }) => sum + executions, 0)).toBe(12 * perHook + 2);
    expect(new Set(all.map(({ project }) => project)).size).toBe(MAX_PROJECTS + 2);
    const [first] = all.filter(({ project }) => project === 'project-3');
    expect(first).toMatchObject({ hookName: 'hook-0', agent: 'claude', executions: 1 });
    const shown = all.filter(({ agent }) => agent !== OTHER && agent !== '');
    expect(shown).toHaveLength(MAX_COMBINATIONS);
    // The last hook found no room for any of its combinations.
    const late = all.filter(({ hookName }) => hookName === 'hook-11');
    expect(late).toMatchObject([{ agent: OTHER, project: OTHER, executions: perHook }]);
    const decided = readDecisionTotals(db).reduce((sum, { executions }) => sum + executions, 0);
    expect(decided).toBe(12 * perHook + 2);
    db.close();
  });
});

describe('what is exported', () => {
  it('is every row after the mark, in order, and everything of another database', () => {
    const db = aDatabase();
    for (let index = 0; index < 5; index += 1) record(db, { hookName: `hook-${index}` });
    expect(lastLogId(db)).toBe(5);
    const first = readExported(db, 2, 2, String);
    expect(first.executions.map(({ hookName }) => hookName)).toEqual(['hook-2', 'hook-3']);
    expect(readExported(db, first.lastId, 9, String).executions.length).toBe(1);
    expect(readExported(db, 5, 9, String)).toEqual({ executions: [], lastId: 5 });
    expect(readExported(db, 77, 9, String).executions.length).toBe(5);
    db.close();
  });

  it.each([
    [['/usr/bin/python3', 'guard.py', 'sk-secret'], 'python3'],
    [['TOKEN=abc python3 x'], undefined],
    [["it's here/run"], undefined],
    [['$(cat /secret)/x'], undefined],
    [['./x/'], undefined],
  ])('names the program of %j and nothing else of the command', (argv, program) => {
    const db = aDatabase();
    record(db, { argv });
    const [execution] = readExported(db, 0, 1, String).executions;
    expect(execution?.program).toBe(program);
    expect(JSON.stringify(execution)).not.toMatch(/secret|abc|home/);
    db.close();
  });
});
