import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LogRow } from '../../src/store/columns.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, seedExecutions, writeExecutions } from '../support/seed.ts';
import { freshState, spoolWhole } from '../support/state.ts';

const HOUR_MS = 3_600_000;

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

it.each([
  [['status'], 'is OFF in this shell'],
  [['logs'], 'No execution is recorded yet.'],
  [['metrics'], 'No execution started in the last 24 hours.'],
  [['cleanup'], 'Nothing is older than'],
])('hookbus %j on a new machine says so and creates nothing', (words, said) => {
  const { home } = freshState();
  const { stdout, stderr, exitCode } = hookbus(words, { HOOKBUS_HOME: home });
  expect(stdout).toContain(said);
  expect({ stderr, exitCode, isMade: existsSync(home) }).toEqual({
    stderr: '',
    exitCode: 0,
    isMade: false,
  });
});

describe('hookbus logs', () => {
  const aState = (): string => {
    const { home, paths } = freshState();
    writeExecutions(paths.database, [
      recordedOf(anExecution({ createdAt: ago(5 * HOUR_MS), sessionId: 'abc-1' })),
      recordedOf(anExecution({ createdAt: ago(3 * HOUR_MS), status: 'error', exitCode: 1 })),
      recordedOf(anExecution({ createdAt: ago(HOUR_MS), status: 'timeout', eventType: 'Stop' })),
      recordedOf(anExecution({ createdAt: ago(60_000), hookName: 'lint' })),
    ]);
    return home;
  };

  it('applies every filter', () => {
    const home = aState();
    const ids = (...words: readonly string[]): number[] => {
      const { stdout } = hookbus(['logs', '--json', ...words], { HOOKBUS_HOME: home });
      return (JSON.parse(stdout) as LogRow[]).map(({ id }) => id);
    };
    expect(ids()).toEqual([4, 3, 2, 1]);
    expect(ids('--hook', 'lint')).toEqual([4]);
    expect(ids('--hook', 'lint', '--hook=guard_rm', '--limit', '2')).toEqual([4, 3]);
    expect(ids('--event', 'Stop')).toEqual([3]);
    expect(ids('--status', 'error,TIMEOUT')).toEqual([3, 2]);
    expect(ids('--status', 'error', '--status', 'timeout')).toEqual([3, 2]);
    expect(ids('--session', 'abc')).toEqual([1]);
    expect(ids('--since', '2h')).toEqual([4, 3]);
    expect(ids('--since', ago(4 * HOUR_MS))).toEqual([4, 3, 2]);
    expect(ids('--since', '2h', '--hook', 'guard_rm')).toEqual([3]);
  });

  it('says that nothing matches', () => {
    const { stdout } = hookbus(['logs', '--hook', 'nosuch'], { HOOKBUS_HOME: aState() });
    expect(stdout).toBe('No recorded execution matches.\n');
  });

  it('ingests the spool first', () => {
    const state = freshState();
    spoolWhole(state.paths, { hookName: 'waited' });
    expect(hookbus(['logs'], { HOOKBUS_HOME: state.home }).stdout).toContain('waited');
  });
});

describe('hookbus show', () => {
  it('finds an execution by number, id and the beginning of an id', () => {
    const { home, paths } = freshState();
    const executionId = '01a20375-1111-7000-8000-000000000001';
    writeExecutions(paths.database, [recordedOf(anExecution({ executionId }))]);
    for (const id of ['1', executionId, executionId.toUpperCase(), '01a203']) {
      expect(hookbus(['show', id], { HOOKBUS_HOME: home }).stdout).toContain(executionId);
    }
  });
});

describe('hookbus cleanup', () => {
  const state = () => {
    const { home, paths } = freshState();
    const days = 20 * 24 * HOUR_MS;
    seedExecutions(paths.database, {
      count: 2000,
      untilMs: Date.now() - 1000,
      overMs: days,
      storesPayloads: true,
    });
    return { HOOKBUS_HOME: home };
  };
  const countOf = (env: Readonly<Record<string, string>>): number =>
    (JSON.parse(hookbus(['logs', '--json', '--limit', '9999'], env).stdout) as LogRow[]).length;

  it('lists on a dry run what the real one then deletes', () => {
    const env = state();
    const dry = hookbus(['cleanup', '--dry-run'], env).stdout;
    expect(dry).toMatch(
      /^Would delete what is older than .*:\n {2}1,\d{3} executions\n {2}1,\d{3} payloads\nNow the database takes .* [kM]B\.\n$/,
    );
    expect(countOf(env)).toBe(2000);
    const real = hookbus(['cleanup'], env).stdout;
    expect(real.split('\n').slice(1, 3)).toEqual(dry.split('\n').slice(1, 3));
    expect(real).toMatch(/\nGave back [1-9][\d.]* [kM]B; the database takes [\d.]+ [kM]B\.\n$/);
    expect(countOf(env)).toBeGreaterThan(650);
    expect(countOf(env)).toBeLessThan(710);
    expect(hookbus(['cleanup'], env).stdout).toMatch(/^Nothing is older than /);
  });

  it('uses --older-than, or else HOOKBUS_RETENTION_DAYS', () => {
    const env = { ...state(), HOOKBUS_RETENTION_DAYS: '19' };
    hookbus(['cleanup'], env);
    expect(countOf(env)).toBeGreaterThan(1890);
    hookbus(['cleanup', '--older-than', '36h'], env);
    expect(countOf(env)).toBeLessThan(155);
    hookbus(['cleanup', '--older-than', '0d'], env);
    expect(countOf(env)).toBe(0);
  });

  it('uses retention_days of config.json if no variable is set', () => {
    const env = state();
    hookbus(['config', 'set', 'retention_days', '19'], env);
    expect(JSON.parse(hookbus(['status', '--json'], env).stdout).retention_days).toBe(19);
    hookbus(['cleanup'], env);
    expect(countOf(env)).toBeGreaterThan(1890);
  });
});
