import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StatePaths } from '../../src/config/home/paths.ts';
import { uuidV7 } from '../../src/domain/identifiers.ts';
import { type AlertRow, saveAlerts } from '../../src/store/alerts.ts';
import { openDatabase } from '../../src/store/database.ts';
import { MIGRATIONS } from '../../src/store/migrations/index.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import {
  freshState,
  makeCorruptDatabase,
  makeNewerDatabase,
  makeState,
  settingsOf,
  spoolRunning,
  spoolWhole,
} from '../support/state.ts';
import { readStatusOf } from '../support/status.ts';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const now = (): number => NOW;

it('creates nothing on a machine that was never used', () => {
  const { home } = freshState();
  const report = readStatusOf(settingsOf(home), now);
  expect(report).toMatchObject({
    enabled: false,
    state_directory: home,
    state_directory_exists: false,
    database: { state: 'absent', bytes: 0, executions: 0 },
    spool: { running: 0, waiting: 0, unreadable: 0, drained: 0, problem: null },
    notices: [],
  });
  expect(existsSync(home)).toBe(false);
});

it('reports what is recorded, what runs, and the last 24 hours', () => {
  const { home, paths } = freshState();
  writeExecutions(paths.database, [
    recordedOf(anExecution({ createdAt: '2026-11-21T11:59:59.999Z', status: 'error' })),
    recordedOf(anExecution({ createdAt: '2026-11-22T11:00:00.000Z' }), [], ['unknown option -x']),
  ]);
  spoolWhole(paths, { createdAtMs: NOW - 5000 });
  spoolRunning(paths, { createdAtMs: NOW - 1000 });
  const report = readStatusOf(settingsOf(home, { HOOKBUS_ENABLED: 'perhaps' }), now);
  expect(report).toMatchObject({
    database: { state: 'ready', schema_version: MIGRATIONS.length, executions: 3, reason: null },
    spool: { running: 1, waiting: 0, drained: 1 },
    last_24_hours: { window_hours: 24, executions: 2, failures: 0 },
    notices: [{ kind: 'mistake', text: 'guard_rm: unknown option -x', count: 1 }],
  });
  expect(report.problems).toHaveLength(1);
});

it('reports a newer database, which it does not touch, and what waits meanwhile', () => {
  const { home, paths } = freshState();
  makeNewerDatabase(paths);
  spoolWhole(paths);
  spoolRunning(paths);
  expect(readStatusOf(settingsOf(home), now)).toMatchObject({
    database: { state: 'newer', reason: expect.stringContaining('99'), schema_version: null },
    spool: { running: 1, waiting: 1, drained: 0 },
  });
});

it('reports that an execution waits if its engine is gone and it cannot be ingested', () => {
  const { home, paths } = freshState();
  makeState(paths.home);
  mkdirSync(paths.database);
  spoolRunning(paths, { pid: 2 ** 22 + 1 });
  expect(readStatusOf(settingsOf(home), now)).toMatchObject({
    database: { state: 'unusable', reason: expect.stringContaining(paths.database) },
    spool: { running: 0, waiting: 1 },
  });
});

it('lists quarantined databases and counts unreadable records', () => {
  const { home, paths } = freshState();
  makeCorruptDatabase(paths);
  mkdirSync(paths.quarantine, { recursive: true });
  writeFileSync(join(paths.quarantine, 'x.rec'), 'x');
  const report = readStatusOf(settingsOf(home), now);
  expect(report).toMatchObject({
    database: { state: 'ready', executions: 0 },
    spool: { unreadable: 1 },
    notices: [{ kind: 'database', text: expect.stringContaining('corrupt') }],
    set_aside_databases: [{ path: expect.stringContaining('.corrupt-20261122T120000Z') }],
  });
  expect(report.set_aside_databases).toHaveLength(1);
});

it('works if the state directory is not a directory', () => {
  const { home } = freshState();
  writeFileSync(home, 'a file');
  const report = readStatusOf(settingsOf(home), now);
  expect(report.database).toMatchObject({
    state: 'unusable',
    reason: expect.stringContaining('ENOTDIR'),
  });
  expect(report.spool.problem).toContain('ENOTDIR');
});

it('says what an alert says of a hook, unless executions of the day tell of its failures', () => {
  const { home, paths } = freshState();
  const hookName = 'guard';
  const failed = { hookName, status: 'error', exitCode: 1, eventType: 'PostToolUse' } as const;
  const days = (count: number): string => new Date(NOW - count * 86_400_000).toISOString();
  const old = Array.from({ length: 3 }, () => ({ ...failed, createdAt: days(2) }));
  // Another trouble of the same hook, which is no failure.
  const broken = { hookName, stdoutKind: 'broken', createdAt: days(0.1) } as const;
  writeExecutions(
    paths.database,
    [...old, broken].map((run) => recordedOf(anExecution(run))),
  );
  openAlert(paths, { rule: 'fails_every_time', subject: hookName, openedAt: days(2) });
  const texts = () => readStatusOf(settingsOf(home), now).health.map(({ text }) => text);
  expect(texts()).toEqual([
    expect.stringContaining('guard answers with broken JSON'),
    expect.stringContaining('guard failed every time: its last 3 runs before the alert'),
  ]);
  writeExecutions(
    paths.database,
    [1, 2, 3].map(() => recordedOf(anExecution({ ...failed, createdAt: days(0.05) }))),
  );
  expect(texts()).toEqual([
    expect.stringContaining('guard on PreToolUse answers with broken JSON'),
    expect.stringContaining('guard on PostToolUse fails every time (3 of 3)'),
  ]);
});

function openAlert(
  paths: StatePaths,
  alert: Pick<AlertRow, 'rule' | 'subject' | 'openedAt'>,
): void {
  const db = openDatabase(paths.database, 0);
  saveAlerts(db, [
    {
      ...{ alertId: uuidV7(NOW, new Uint8Array(16)), state: 'open', clearedAt: null },
      ...{
        value: 3,
        threshold: 3,
        runs: 3,
        reason: null,
        spentLogId: 0,
        owed: [],
        lastNotified: null,
      },
      ...alert,
    },
  ]);
  db.close();
}
