import { describe, expect, it } from 'vitest';
import { geminiSettings, geminiStart } from './support/client-starts.ts';
import { describeAlike } from './support/describe-alike.ts';
import { GEMINI as DIALECT } from './support/dialects.ts';
import { aClientHome, findDriven } from './support/one-call.ts';

const GEMINI = findDriven('gemini');
const WHY = typeof GEMINI === 'string' ? ` (skipped: ${GEMINI})` : '';

const START = geminiStart(['echo hello-from-tool']);

const settings = (hook: object, disabled?: readonly string[]) =>
  geminiSettings({ BeforeTool: [{ hooks: [{ type: 'command', ...hook }] }] }, disabled);

interface Case {
  readonly title: string;
  readonly hook: { readonly command: string; readonly name?: string };
  readonly disabled?: readonly string[];
  /** What the model receives. */
  readonly received: string;
  /** Recorded executions. */
  readonly recorded: number;
}

const REFUSES = 'sh -c "echo not this >&2; exit 2"';

const CASES: readonly Case[] = [
  {
    title: 'allows',
    hook: { command: 'cat >/dev/null' },
    received: 'hello-from-tool',
    recorded: 1,
  },
  { title: 'exits 2', hook: { command: REFUSES }, received: 'not this', recorded: 1 },
  {
    title: 'denies by JSON',
    hook: { command: `cat >/dev/null; echo '{"decision":"deny","reason":"not so"}'` },
    received: 'not so',
    recorded: 1,
  },
  ...['$CLAUDE_PROJECT_DIR', '$GEMINI_CWD'].map((variable) => ({
    title: `goes to ${variable}, which Gemini CLI writes into the line`,
    hook: { command: `cat >/dev/null; cd ${variable} && pwd >&2; exit 2` },
    received: '/pro j',
    recorded: 0,
  })),
  {
    title: 'has that in a simple command',
    hook: { command: `ls -d $GEMINI_PROJECT_DIR/nothing` },
    received: '/pro j/nothing',
    recorded: 1,
  },
  {
    title: 'is disabled by its text',
    hook: { command: REFUSES },
    disabled: [REFUSES],
    received: 'hello-from-tool',
    recorded: 0,
  },
  {
    title: 'is disabled by its name',
    hook: { command: REFUSES, name: 'mine' },
    disabled: ['mine'],
    received: 'hello-from-tool',
    recorded: 0,
  },
];

describe.skipIf(typeof GEMINI === 'string')(`the real Gemini CLI${WHY}`, () => {
  it.concurrent.for(CASES)(
    'gets the same from a hook that $title, bare and wrapped',
    { timeout: 300_000 },
    async ({ hook, disabled, received, recorded }, { onTestFinished }) => {
      const home = aClientHome(GEMINI, START, settings(hook, disabled));
      onTestFinished(home.leave);
      const bare = await home.session();
      expect(bare.received.join('\n'), bare.stderr).toContain(received);
      // Gemini CLI rewrites its settings when it starts.
      const before = home.settings();
      await home.install();
      const wrapped = await home.session();
      expect(wrapped.received.join('\n'), wrapped.stderr).toContain(received);
      // For a tool that ran, the model also gets the id of its process group.
      const same = (lines: readonly string[]) => lines.map((line) => line.replace(/\d+/g, 'N'));
      expect(same(wrapped.received)).toEqual(same(bare.received));
      expect(await home.rows()).toHaveLength(recorded);
      await home.uninstall();
      expect(home.settings()).toBe(before);
    },
  );
});

describeAlike(GEMINI, DIALECT);
