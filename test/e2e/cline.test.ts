import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aClientHome, type ClientStart, findDriven } from './support/one-call.ts';

const CLINE = findDriven('cline');
const WHY = typeof CLINE === 'string' ? ` (skipped: ${CLINE})` : '';

const START: ClientStart = {
  agent: 'cline',
  settings: '.cline/none.json',
  command: (client) => [
    '/bin/sh',
    '-c',
    '"$0" auth -p openai -k none -m stub -b http://127.0.0.1:PORT/v1 && exec "$0" "say go"',
    client,
  ],
  // Otherwise a program of it stays in the background.
  env: { CLINE_SESSION_BACKEND_MODE: 'local' },
  tools: [
    { name: 'run_commands', input: { commands: ['echo ran >tool.txt; echo from-the-tool'] } },
  ],
};

/** Hooks by their file, and what the model and the tool then say. */
const CASES = [
  ['refuses', { PreToolUse: `echo '{"cancel": true, "errorMessage": "not this"}'` }],
  ['refuses after a tool', { PostToolUse: `echo '{"cancel": true, "errorMessage": "no more"}'` }],
  ['ends with exit code 2', { PreToolUse: 'echo no >&2; exit 2' }],
  [
    'changes the input',
    { PreToolUse: `echo '{"overrideInput": {"commands": ["echo another-tool"]}}'` },
  ],
] as const;

/** One session with these hooks, bare or wrapped. */
async function play(hooks: Readonly<Record<string, string>>, isWrapped: boolean) {
  const home = aClientHome(CLINE, START, {});
  try {
    const directory = join(home.home, '.cline', 'hooks');
    mkdirSync(directory, { recursive: true });
    for (const [event, lines] of Object.entries(hooks)) {
      writeFileSync(join(directory, event), `#!/usr/bin/env bash\ncat >/dev/null\n${lines}\n`);
      chmodSync(join(directory, event), 0o755);
    }
    if (isWrapped) await home.install();
    const { code, received, conversation, stderr } = await home.session();
    const tool = existsSync(join(home.project, 'tool.txt'))
      ? readFileSync(join(home.project, 'tool.txt'), 'utf8')
      : undefined;
    const text = received.join('\n').replaceAll(/"?duration[^,}]*/g, '');
    const heard = ['another-tool', 'not this', 'no more'].filter((words) =>
      `${text}${conversation}`.includes(words),
    );
    return {
      seen: { code, tool, calls: received.length, heard },
      rows: await home.rows(),
      stderr,
    };
  } finally {
    home.leave();
  }
}

describe.skipIf(typeof CLINE === 'string')(`hook files of the real Cline${WHY}`, () => {
  it.each(CASES)('a hook that %s, bare and wrapped', { timeout: 300_000 }, async (_name, hooks) => {
    const [bare, wrapped] = await Promise.all([play(hooks, false), play(hooks, true)]);
    expect(wrapped.seen, wrapped.stderr).toEqual(bare.seen);
    expect(bare.rows).toEqual([]);
    expect(wrapped.rows.map(({ event_type }) => event_type)).toEqual([
      'PreToolUse' in hooks ? 'tool_call' : 'tool_result',
    ]);
    const refuses = JSON.stringify(hooks).includes('cancel');
    expect(wrapped.rows.map(({ decision }) => decision === 'deny')).toEqual([refuses]);
    if ('PreToolUse' in hooks && refuses) expect(bare.seen.tool).toBeUndefined();
  });
});
