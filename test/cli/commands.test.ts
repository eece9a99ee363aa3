import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LogRow } from '../../src/store/columns.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, seedExecutions, writeExecutions } from '../support/seed.ts';
import { freshState, spoolWhole } from '../support/state.ts';

const HOUR_MS = 3_600_000;

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

it.each([
  [['status'], 'Once there are some, type: hookbus install --enable'],
  [['logs'], 'No execution is recorded yet.'],
  [['metrics'], 'No execution started in the last 24 hours.'],
  [['cleanup'], 'Nothing is older than'],
])(
  'hookbus %j on a new machine says that nothing is recorded and creates nothing',
  async (words, said) => {
    const { home } = freshState();
    const { stdout, stderr, exitCode } = await hookbus(words, { HOOKBUS_HOME: home });
    expect(stdout).toContain(said);
    expect({ stderr, exitCode, isMade: existsSync(home) }).toEqual({
      stderr: '',
      exitCode: 0,
      isMade: false,
    });
  },
);

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

  it('applies every filter', async () => {
    const home = aState();
    const ids = async (...words: readonly string[]): Promise<number[]> => {
      const { stdout } = await hookbus(['logs', '--json', ...words], { HOOKBUS_HOME: home });
      return (JSON.parse(stdout) as LogRow[]).map(({ id }) => id);
    };
    expect(await ids()).toEqual([4, 3, 2, 1]);
    expect(await ids('--hook', 'lint')).toEqual([4]);
    expect(await ids('--hook', 'lint', '--hook=guard_rm', '--limit', '2')).toEqual([4, 3]);
    expect(await ids('--event', 'Stop')).toEqual([3]);
    expect(await ids('--status', 'error,TIMEOUT')).toEqual([3, 2]);
    expect(await ids('--status', 'error', '--status', 'timeout')).toEqual([3, 2]);
    expect(await ids('--session', 'abc')).toEqual([1]);
    expect(await ids('--since', '2h')).toEqual([4, 3]);
    expect(await ids('--since', ago(4 * HOUR_MS))).toEqual([4, 3, 2]);
    expect(await ids('--since', '2h', '--hook', 'guard_rm')).toEqual([3]);
  });

  it('takes --json before its name, and as --json=true or --json=false', async () => {
    const env = { HOOKBUS_HOME: aState() };
    const json = (await hookbus(['logs', '--json'], env)).stdout;
    expect((await hookbus(['--json', 'logs'], env)).stdout).toBe(json);
    expect((await hookbus(['logs', '--json=true'], env)).stdout).toBe(json);
    expect((await hookbus(['logs', '--json=false'], env)).stdout).not.toContain('{');
  });

  it('says that nothing matches', async () => {
    const { stdout } = await hookbus(['logs', '--hook', 'nosuch'], { HOOKBUS_HOME: aState() });
    expect(stdout).toBe('No hook "nosuch" is recorded.\n');
  });

  it('ingests the spool first', async () => {
    const state = freshState();
    spoolWhole(state.paths, { hookName: 'waited' });
    expect((await hookbus(['logs'], { HOOKBUS_HOME: state.home })).stdout).toContain('waited');
  });
});

describe('hookbus show', () => {
  it('finds an execution by number, id and the beginning of an id', async () => {
    const { home, paths } = freshState();
    const executionId = '01a20375-1111-7000-8000-000000000001';
    writeExecutions(paths.database, [recordedOf(anExecution({ executionId }))]);
    for (const id of ['1', executionId, executionId.toUpperCase(), '01a203']) {
      expect((await hookbus(['show', id], { HOOKBUS_HOME: home })).stdout).toContain(executionId);
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
  const countOf = async (env: Readonly<Record<string, string>>): Promise<number> =>
    (JSON.parse((await hookbus(['logs', '--json', '--limit', '9999'], env)).stdout) as LogRow[])
      .length;

  it('lists on a dry run what the real one then deletes', async () => {
    const env = state();
    const dry = (await hookbus(['cleanup', '--dry-run'], env)).stdout;
    expect(dry).toMatch(
      /^Would delete what is older than .*:\n {2}1,\d{3} executions\n {2}1,\d{3} payloads\nNow the database takes .* [kM]B\.\n$/,
    );
    expect(await countOf(env)).toBe(2000);
    const real = (await hookbus(['cleanup'], env)).stdout;
    expect(real.split('\n').slice(1, 3)).toEqual(dry.split('\n').slice(1, 3));
    expect(real).toMatch(/\nGave back [1-9][\d.]* [kM]B; the database takes [\d.]+ [kM]B\.\n$/);
    expect(await countOf(env)).toBeGreaterThan(650);
    expect(await countOf(env)).toBeLessThan(710);
    expect((await hookbus(['cleanup'], env)).stdout).toMatch(/^Nothing is older than /);
  });

  it('uses --older-than, or else HOOKBUS_RETENTION_DAYS', async () => {
    const env = { ...state(), HOOKBUS_RETENTION_DAYS: '19' };
    await hookbus(['cleanup'], env);
    expect(await countOf(env)).toBeGreaterThan(1890);
    await hookbus(['cleanup', '--older-than', '36h'], env);
    expect(await countOf(env)).toBeLessThan(155);
    await hookbus(['cleanup', '--older-than', '0d'], env);
    expect(await countOf(env)).toBe(0);
  });

  it('says first what --older-than deletes, and asks, at a terminal', async () => {
    const env = state();
    const ask = (answer: string, ...more: string[]) =>
      hookbus(['cleanup', '--older-than', '36h', ...more], env, undefined, {
        columns: 80,
        answers: [answer],
      });
    const refused = await ask('');
    expect(refused.stderr).toMatch(/^Would delete .*:\n(?: {2}.*\n)+Now .*\nDelete it\? \[y\/N\] /);
    expect(refused.stdout).toBe('Nothing was deleted.\n');
    expect(await countOf(env)).toBe(2000);
    expect((await ask('', '--yes')).stderr).toBe('');
    expect(await countOf(env)).toBeLessThan(155);
    // There is nothing more to ask about.
    expect((await ask('')).stdout).toMatch(/^Nothing is older/);
  });

  it('uses retention_days of config.json if no variable is set', async () => {
    const env = state();
    await hookbus(['config', 'set', 'retention_days', '19'], env);
    expect(JSON.parse((await hookbus(['status', '--json'], env)).stdout).retention_days).toBe(19);
    await hookbus(['cleanup'], env);
    expect(await countOf(env)).toBeGreaterThan(1890);
  });
});
