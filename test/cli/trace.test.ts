import { describe, expect, it } from 'vitest';
import { findTrace } from '../../src/app/reading/find-trace.ts';
import { columnsOf } from '../../src/cli/output/text.ts';
import { openDatabase } from '../../src/store/database.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, seedExecutions, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';

const T0 = Date.parse('2026-11-22T10:00:00.000Z');
const CAUSE = 'ab'.repeat(16);
const SESSION = '7d3f0c52-41ab-4e0e-9d6c-2b8e5a1f9c04';

const at = (ms: number): string => new Date(T0 + ms).toISOString();

/** Two executions that overlap, a later one, one that did not run, and one that shares only the session. */
function aTrace(): Record<string, string> {
  const { home, paths } = freshState();
  const shared = { correlationId: CAUSE, sessionId: SESSION };
  writeExecutions(
    paths.database,
    [
      { ...shared, hookName: 'slow', createdAt: at(0), durationMs: 500, status: 'success' },
      { ...shared, hookName: 'quick', createdAt: at(250), durationMs: 250, status: 'blocked' },
      { ...shared, hookName: 'late', createdAt: at(750), durationMs: 250, status: 'error' },
      {
        ...shared,
        hookName: 'skipped',
        createdAt: at(500),
        durationMs: undefined,
        status: 'dedupe_skip',
      },
      { sessionId: SESSION, hookName: 'other', createdAt: at(2000), durationMs: 1 },
    ].map((changes) => recordedOf(anExecution(changes as Partial<ReturnType<typeof anExecution>>))),
  );
  return { HOOKBUS_HOME: home };
}

const refusal = async (words: readonly string[], env: Record<string, string>): Promise<unknown> => {
  const { stdout, stderr, exitCode } = await hookbus([...words, '--json'], env);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
  return (JSON.parse(stderr) as { error: { code: string } }).error.code;
};

describe('hookbus trace', () => {
  it('shows executions with one cause as bars on a timeline', async () => {
    const { stdout } = await hookbus(['trace', '1'], aTrace());
    expect(`\n${stdout}`).toMatchInlineSnapshot(`
      "
      Correlation id abababababababababababababababab
      4 executions in 1.00 s, from 22 Nov 10:00:00

      ID   STARTED  HOOK     EVENT       STATUS         TOOK
       1  +0.00 ms  slow     PreToolUse  success      500 ms  ██████████████
       2   +250 ms  quick    PreToolUse  blocked      250 ms         ███████
       4   +500 ms  skipped  PreToolUse  dedupe_skip       –                ·
       3   +750 ms  late     PreToolUse  error        250 ms                       ███████
      "
    `);
  });

  it('finds executions by number, execution id, correlation id, session id, or the beginning of an id', async () => {
    const env = aTrace();
    const ask = async (...words: string[]) =>
      JSON.parse((await hookbus(['trace', ...words, '--json'], env)).stdout) as {
        by: string;
        count: number;
        executions: { execution_id: string; offset_ms: number; hook_name: string }[];
      };
    const byNumber = await ask('1');
    expect(byNumber).toMatchObject({ by: 'correlation_id', id: CAUSE, count: 4, left_out: 0 });
    expect(byNumber.executions.map(({ offset_ms }) => offset_ms)).toEqual([0, 250, 500, 750]);
    expect(await ask(byNumber.executions[1]?.execution_id ?? '')).toEqual(byNumber);
    expect(await ask('ABABABAB')).toEqual(byNumber);
    expect(await ask(SESSION)).toMatchObject({ by: 'session_id', count: 5 });
    expect(await ask('7d3f0c')).toEqual(await ask(SESSION));
    expect(await ask('1', '--session')).toEqual(await ask(SESSION));
    expect(await ask(SESSION, '--limit', '2')).toMatchObject({
      count: 5,
      left_out: 3,
      executions: [{ hook_name: 'late' }, { hook_name: 'other' }],
    });
  });

  it('reports an unknown id, and an ambiguous one', async () => {
    const env = aTrace();
    for (const id of ['99', '\x1b[31m'])
      expect(await refusal(['trace', id], env)).toBe('E_NOT_FOUND');
    expect(await refusal(['trace'], env)).toBe('E_USAGE');
    expect(await refusal(['trace', '1'], { HOOKBUS_HOME: freshState().home })).toBe('E_NOT_FOUND');
    const { paths } = freshState();
    const sessions = ['same-1', 'same-12', 'other-1', 'other-2'];
    writeExecutions(
      paths.database,
      sessions.map((sessionId) => recordedOf(anExecution({ sessionId }))),
    );
    const db = openDatabase(paths.database, 0);
    const find = (id: string) => () => findTrace(db, id, { wholeSession: false, limit: 9 });
    for (const id of ['nosuch', "x' OR 1=1 --", 'same', '', '%%%%%%%', 'same-_', 'f'.repeat(9999)])
      expect(find(id), id).toThrow('no execution, correlation or session has this id');
    expect(find('same-1')().id).toBe('same-1');
    expect(find('other-')).toThrow('several ids start with this, such as other-1 and other-2');
    db.close();
  });

  it('limits a session of thousands, and says how many executions it has', async () => {
    const { home, paths } = freshState();
    seedExecutions(paths.database, { count: 10_000, untilMs: T0, overMs: 86_400_000 });
    const { stdout } = await hookbus(['trace', SESSION], { HOOKBUS_HOME: home });
    expect(stdout).toContain('Only the latest of 10,000 executions; use --limit to show more.');
    expect(stdout.trimEnd().split('\n')).toHaveLength(5 + 200);
  });

  it('fits 100 columns, does not control the terminal, and colours only there', async () => {
    const { home, paths } = freshState();
    const hostile = {
      hookName: `\x1b[31m\u202e${'日本'.repeat(90)}`,
      sessionId: `\x07\u009b${'s'.repeat(200)}`,
    };
    const broken = { createdAt: 'no time at all', durationMs: -5, executionId: 'e1' };
    writeExecutions(paths.database, [
      recordedOf(anExecution({ ...hostile, createdAt: at(0), durationMs: 9e14, status: 'error' })),
      recordedOf(anExecution({ ...hostile, ...broken })),
    ]);
    const env = { HOOKBUS_HOME: home };
    const plain = (await hookbus(['trace', '1', '--session'], env)).stdout;
    expect(plain).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(Math.max(...plain.split('\n').map(columnsOf))).toBeLessThanOrEqual(100);
    const { stdout: coloured } = await hookbus(['trace', '1', '--session'], env, undefined, {
      columns: 80,
    });
    expect(coloured).toContain('\x1b[31m█');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it removes our own colours.
    const shown = coloured.replace(/\x1b\[\d+m/g, '');
    expect(Math.max(...shown.split('\n').map(columnsOf))).toBeLessThanOrEqual(80);
  });
});
