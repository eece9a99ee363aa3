import { spawnSync } from 'node:child_process';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../src/cli/output/text.ts';
import type { Execution } from '../../src/domain/execution.ts';
import { hookbus, hookbusInTerminal } from '../support/hookbus.ts';
import { anExecution, recordedOf, seedExecutions, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';

const COMMANDS = [
  ['status'],
  ['logs'],
  ['metrics', '48'],
  ['show', '301'],
  ['trace', '301'],
  ['cleanup', '--dry-run'],
];

const HOSTILE: Partial<Execution> = {
  hookName: `\x1b[31m\u202e\u200bhook\n${'x'.repeat(300)}`,
  eventType: `日本語${'語'.repeat(90)}`,
  toolName: '👩‍💻'.repeat(50),
  sessionId: '\u009b2J'.repeat(30),
  toolUseId: '\x07'.repeat(120),
  command: `rm \x1b]0;title\x07 ${'é'.repeat(400)}`,
  cwd: `/tmp/${'\t'.repeat(99)}`,
  dedupeKey: 'k'.repeat(500),
  status: 'error',
  exitCode: 137,
  error: `\x1b[2J${'wide 日本 '.repeat(60)}\nsecond\r\nthird \u2066`,
  durationMs: 987_654_321.5,
  stdinBytes: 123_456_789_012,
};

/** A state directory with days of executions, and one with hostile text in every field. */
function aHostileState(): string {
  const { home, paths } = freshState();
  seedExecutions(paths.database, { count: 300, untilMs: Date.now() - 60_000, overMs: 86_400_000 });
  const text = Buffer.from(`{"a":"${'\x1b[31m日本'.repeat(80)}"}`);
  writeExecutions(paths.database, [
    recordedOf(
      anExecution({ ...HOSTILE, createdAt: new Date(Date.now() - 5000).toISOString() }),
      [
        { stream: 'stdin', encoding: 'identity', truncated: false, body: text },
        { stream: 'stdout', encoding: 'identity', truncated: true, body: Buffer.alloc(999, 0xfe) },
      ],
      [`--timeout: expected a number of seconds above 0, got "\x1b[5m${'y'.repeat(200)}"`],
    ),
  ]);
  return home;
}

const widest = (text: string): number => Math.max(...text.split('\n').map(columnsOf));

// biome-ignore lint/suspicious/noControlCharactersInRegex: it removes our own colours.
const withoutColours = (text: string): string => text.replace(/\x1b\[\d+m/g, '');

describe('whatever was recorded', () => {
  it.each(COMMANDS)('%s fits the page and does not control the terminal', async (...words) => {
    const home = { HOOKBUS_HOME: aHostileState() };
    for (const [columns, room] of [
      [80, 80],
      [100, 100],
      [200, 160],
    ] as const) {
      const { stdout, stderr } = await hookbus(words, home, undefined, { columns });
      const shown = withoutColours(stderr + stdout);
      expect(shown).not.toMatch(/^hookbus: /);
      expect(widest(shown)).toBeLessThanOrEqual(room);
      expect(shown).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  });
});

describe('colour', () => {
  const words = ['logs', '--limit', '3'];
  const state = (): Record<string, string> => {
    const { home, paths } = freshState();
    writeExecutions(paths.database, [recordedOf(anExecution({ status: 'error', exitCode: 1 }))]);
    return { HOOKBUS_HOME: home };
  };

  it('is used on a terminal', () => {
    expect(hookbusInTerminal(words, 100, state())).toContain('\x1b[31merror');
  });

  it('is not used with NO_COLOR, on a dumb terminal, or without a terminal', async () => {
    const env = state();
    expect(hookbusInTerminal(words, 100, { ...env, NO_COLOR: '1' })).not.toContain('\x1b');
    expect(hookbusInTerminal(words, 100, { ...env, TERM: 'dumb' })).not.toContain('\x1b');
    expect((await hookbus(words, { ...env, FORCE_COLOR: '1' })).stdout).not.toContain('\x1b');
  });
});

it('a reader that closes the output ends the command without an error', () => {
  const { home, paths } = freshState();
  seedExecutions(paths.database, { count: 5000, untilMs: Date.now(), overMs: 3_600_000 });
  const line = `'${execPath}' bin/hookbus.js logs --limit 5000 | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', line], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOOKBUS_HOME: home },
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^ *ID +STARTED .*\n0\n$/);
});
