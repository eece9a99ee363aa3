import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CostReport } from '../../src/app/reading/cost-report.ts';
import type { Execution } from '../../src/domain/execution.ts';
import { openDatabase } from '../../src/store/database.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, seedExecutions, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const BASE_MS = Date.now() - 60_000;

const at = (ms: number): string => new Date(BASE_MS + ms).toISOString();

/** A database of these executions, and functions that run `report` on it. */
function aState(executions: readonly (readonly [Partial<Execution>])[]) {
  const { home, paths } = freshState();
  writeExecutions(
    paths.database,
    executions.map(([changes]) =>
      recordedOf(anExecution({ createdAt: at(0), overheadMs: 0, sessionId: 'abc-1', ...changes })),
    ),
  );
  const run = (...words: string[]) => hookbus(['report', ...words], { HOOKBUS_HOME: home });
  return {
    paths,
    run,
    report: async (...words: string[]): Promise<CostReport> => {
      const { stdout: text, stderr, exitCode } = await run('--json', ...words);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      return JSON.parse(text) as CostReport;
    },
  };
}

const SAID = { eventType: 'SessionStart', hookName: 'context', exitCode: 0 } as const;

describe('hookbus report', () => {
  it('counts parallel hooks once, duplicates by their waiting time, and SessionEnd separately', async () => {
    const { report } = aState([
      [{ createdAt: at(0), durationMs: 100, overheadMs: 2, toolUseId: 't1', hookName: 'slow' }],
      [{ createdAt: at(0), durationMs: 40, toolUseId: 't1', hookName: 'quick' }],
      [{ createdAt: at(200), status: 'dedupe_skip', durationMs: undefined, overheadMs: 30 }],
      [{ createdAt: at(300), durationMs: 900, eventType: 'SessionEnd' }],
      [{ createdAt: at(50), durationMs: 100, sessionId: 'other' }],
    ]);
    const all = await report();
    expect(all).toMatchObject({
      window_hours: 24,
      executions: 5,
      relative_error: null,
      blocked_ms: 232,
      hook_ms: 272,
      session_count: 2,
      not_waited_for: { executions: 1, total_ms: 900 },
      sessions: [
        { session_id: 'abc-1', executions: 3, blocked_ms: 132, hook_ms: 172 },
        { session_id: 'other', blocked_ms: 100 },
      ],
      call_count: 1,
      calls: [{ tool_use_id: 't1', critical_hook: 'slow', blocked_ms: 102, gain_ms: 62 }],
    });
    expect(all.hooks.find(({ hook_name }) => hook_name === 'slow')).toMatchObject({
      runs: 1,
      waited_ms: 102,
      critical_calls: 1,
      critical_ms: 62,
      p99_ms: 100,
      suggested_timeout_seconds: 5,
    });
    expect(await report('--session', 'abc')).toMatchObject({
      window_hours: null,
      session_id: 'abc-1',
      executions: 4,
      blocked_ms: 132,
    });
  });

  it('counts the context that hooks added, without their payloads, and repeated text', async () => {
    const said = { ...SAID, stdoutKind: 'text', stdoutBytes: 300, contextChars: 280 } as const;
    const { report, run } = aState([
      [{ ...said, stdoutDigest: 'a' }],
      [{ ...said, stdoutDigest: 'a' }],
      [{ ...said, stdoutDigest: 'a', sessionId: 'other' }],
      [{ ...said, stdoutBytes: 12_000, contextChars: 10_000, stdoutDigest: 'b' }],
      [{ hookName: 'log', stdoutKind: 'text', stdoutBytes: 500, stdoutDigest: 'c' }],
      [{ hookName: 'json', stdoutKind: 'json', stdoutBytes: 700, contextChars: 80 }],
      [{ hookName: 'none', stdoutKind: 'json', stdoutBytes: 2 }],
      [{ hookName: 'stderr', status: 'blocked', exitCode: 2, contextChars: 12 }],
    ]);
    const { context, assumptions } = await report();
    expect(context).toEqual([
      {
        hook_name: 'context',
        event_type: 'SessionStart',
        executions: 4,
        characters: 10_840,
        characters_at_most: 10_840,
        most_characters: 10_000,
        cut: 1,
        repeated: 1,
        repeated_characters: 280,
      },
      expect.objectContaining({ hook_name: 'json', characters: 80, characters_at_most: 80 }),
      expect.objectContaining({ hook_name: 'stderr', executions: 1, characters: 12 }),
    ]);
    expect(assumptions.join('\n')).not.toContain('before HookBus recorded');
    expect((await run()).stdout).toMatch(/context +SessionStart +4 +10,840 +1 +1 +280/);
  });

  it('estimates the context of executions from before it was recorded', async () => {
    const { report, run, paths } = aState([
      [{ ...SAID, stdoutKind: 'text', stdoutBytes: 300, stdoutDigest: 'a' }],
      [{ ...SAID, stdoutKind: 'text', stdoutBytes: 300, stdoutDigest: 'a' }],
      [{ ...SAID, stdoutKind: 'text', stdoutBytes: 12_000, stdoutDigest: 'b' }],
      [{ ...SAID, stdoutKind: 'text', stdoutBytes: 99, exitCode: 1, status: 'error' }],
      [{ hookName: 'log', stdoutKind: 'text', stdoutBytes: 500, stdoutDigest: 'c' }],
      [{ hookName: 'json', stdoutKind: 'json', stdoutBytes: 700, stdoutDigest: 'd' }],
      [{ hookName: 'json', stdoutKind: 'json', stdoutBytes: 700, contextChars: 5 }],
    ]);
    const db = openDatabase(paths.database, 0);
    db.exec('UPDATE hook_logs SET context_chars = NULL WHERE context_chars = 0');
    db.close();
    const { context, assumptions } = await report();
    expect(context).toEqual([
      expect.objectContaining({
        ...{ hook_name: 'context', executions: 3, cut: 1, repeated: 1, repeated_characters: 300 },
        ...{ characters: 10_600, characters_at_most: 10_600, most_characters: 10_000 },
      }),
      expect.objectContaining({ hook_name: 'json', characters: 5, characters_at_most: 705 }),
    ]);
    expect(assumptions.join('\n')).toContain('before HookBus recorded');
    expect((await run()).stdout).toMatch(/json +PreToolUse +2 +5 – 705/);
  });

  it('lays out its tables within 100 columns', async () => {
    const { home, paths } = freshState();
    seedExecutions(paths.database, { count: 2000, untilMs: Date.now(), overMs: 20 * 3_600_000 });
    const { stdout: table, exitCode } = await hookbus(['report'], { HOOKBUS_HOME: home });
    expect(exitCode).toBe(0);
    const lines = table.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(table).toMatch(/HOOK .* WAITED +YOU'D SAVE +TIMEOUT/);
    expect(table).toMatch(/lint +PostToolUse .* ≥ \d+ s\n/);
    expect(table).toContain('A timeout of 5 s is enough for the others.');
  });

  it('says since when it counts if older executions were deleted, as metrics does', async () => {
    const { run, report, paths } = aState([[{}], [{}]]);
    expect((await report()).covered).toMatchObject({ older_deleted: false });
    expect((await run()).stdout).not.toContain('deleted');
    const db = openDatabase(paths.database, 0);
    db.exec('DELETE FROM hook_logs WHERE id = 1');
    db.close();
    const { covered } = await report('30d');
    expect(covered).toEqual({ from: at(0), older_deleted: true, retention_days: 7 });
    const since =
      /^In the last 30 days \(since \d+ \w+; older runs were deleted, retention 7 days\)/;
    expect((await run('30d')).stdout.replaceAll('\n', ' ')).toMatch(since);
    const page = join(temporaryDirectory(), 'report.html');
    await run('30d', '--html', page);
    expect(readFileSync(page, 'utf8')).toMatch(
      /<p>In the last 30 days \(since [^<]*older runs were deleted/,
    );
  });

  it('refuses contradictory options', async () => {
    const { run } = aState([[{ sessionId: 'abc-1' }], [{ sessionId: 'abc-2' }]]);
    const said = async (...words: string[]) => {
      const { stderr, exitCode, stdout: out } = await run(...words);
      expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
      return stderr;
    };
    expect(await said('--session', 'abc')).toContain('several sessions start with abc');
    expect(await said('--session', 'nosuch')).toContain(
      'no recorded execution belongs to a session',
    );
    expect(await said('3', '--session', 'abc-1')).toContain(
      'TIME and --session cannot be used together',
    );
    expect(await said('--force')).toContain('--force needs --html');
    expect(await said('0')).toContain('TIME must be before now');
  });

  it('is empty on a new machine, and creates nothing', async () => {
    const { home } = freshState();
    const { stdout: text, exitCode } = await hookbus(['report'], { HOOKBUS_HOME: home });
    expect({ text, exitCode }).toEqual({
      text: 'No execution started in the last 24 hours.\n',
      exitCode: 0,
    });
    expect(existsSync(home)).toBe(false);
  });
});

describe('hookbus report --html', () => {
  const NASTY = '<script>alert(1)</script>"\'&\u202e\n';

  it('writes one private file that loads nothing, and escapes recorded text', async () => {
    const { run } = aState([
      [{ hookName: NASTY, toolName: NASTY, toolUseId: NASTY, sessionId: NASTY }],
      [{ ...SAID, hookName: NASTY, stdoutKind: 'text', stdoutBytes: 3 }],
    ]);
    const file = join(temporaryDirectory(), 'report.html');
    const { stdout: text, exitCode } = await run('--html', file);
    expect({ text, exitCode }).toEqual({ text: `Written to ${file}\n`, exitCode: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/^<!DOCTYPE html>/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\u202e\\n');
    expect(page).not.toMatch(/<script|\u202e|https?:|\ssrc=|\shref=|@import|url\(/);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).toContain('prefers-color-scheme: dark');
  });

  it('replaces a file only with --force, and never leaves a partial one', async () => {
    const { run } = aState([[{}]]);
    const directory = temporaryDirectory();
    const file = join(directory, 'report.html');
    writeFileSync(file, 'mine');
    const refused = await run('--html', file, '--json');
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'E_FILE' } });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect((await run('--html', file, '--force')).exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('<!DOCTYPE html>');
    expect((await run('--html', join(directory, 'no', 'such.html'))).stderr).toContain(
      'cannot be written',
    );
  });
});
