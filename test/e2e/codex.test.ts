import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codexStart } from './support/client-starts.ts';
import { listHooks, trusting } from './support/codex-trust.ts';
import { describeAlike } from './support/describe-alike.ts';
import { CODEX as DIALECT } from './support/dialects.ts';
import { aClientHome, findDriven } from './support/one-call.ts';

const CODEX = findDriven('codex');
const WHY = typeof CODEX === 'string' ? ` (skipped: ${CODEX})` : '';

const json = (decision: object) =>
  `cat >/dev/null; echo '${JSON.stringify({ hookSpecificOutput: { hookEventName: 'PreToolUse', ...decision } })}'`;

/** Hooks, and what the model receives if each decides. Whatever the user's shell is, Codex runs bash. */
const CASES: readonly (readonly [
  title: string,
  command: string,
  shell: string,
  received: string,
])[] = [
  ['allows', 'cat >/dev/null', '/bin/bash', 'hello-from-tool'],
  ['exits 2', '/bin/sh -c "echo not this >&2; exit 2"', '/bin/bash', 'not this'],
  [
    'denies by JSON',
    json({ permissionDecision: 'deny', permissionDecisionReason: 'not so' }),
    '/bin/bash',
    'not so',
  ],
  ...['', '/bin/sh', '/usr/bin/fish', '/usr/bin/zsh'].map(
    (shell) =>
      [
        `needs bash, where $SHELL is "${shell}"`,
        'cat >/dev/null; [[ a == a* ]] && echo "bash only" >&2 && exit 2',
        shell,
        'bash only',
      ] as const,
  ),
];

describe.skipIf(typeof CODEX === 'string')(`the real Codex${WHY}`, () => {
  it.concurrent.for(CASES)(
    'gets the same from a hook that %s, bare and wrapped',
    { timeout: 300_000 },
    async ([_title, command, shell, received], { onTestFinished }) => {
      const hooks = { hooks: { PreToolUse: [{ hooks: [{ type: 'command', command }] }] } };
      const home = aClientHome(CODEX, codexStart(['echo hello-from-tool'], shell), hooks);
      onTestFinished(home.leave);
      const bare = await home.session();
      expect(bare.received.join('\n'), bare.stderr).toContain(received);
      const before = home.settings();
      await home.install();
      expect(home.settings()).toContain('hookbus run ');
      const wrapped = await home.session();
      // For a tool that ran, the model also gets its duration and a number.
      if (received !== 'hello-from-tool') expect(wrapped.received).toEqual(bare.received);
      expect(wrapped.received.join('\n'), wrapped.stderr).toContain(received);
      expect(wrapped.code).toBe(bare.code);
      expect(await home.rows()).toHaveLength(1);
      await home.uninstall();
      expect(home.settings()).toBe(before);
    },
  );

  it('runs a hook that was trusted, and one that was wrapped since only once it is trusted anew', {
    timeout: 300_000,
  }, async ({ onTestFinished }) => {
    if (typeof CODEX === 'string') throw new Error(CODEX);
    const command = 'cat >/dev/null; echo not this >&2; exit 2';
    const hooks = { hooks: { PreToolUse: [{ hooks: [{ type: 'command', command }] }] } };
    const home = aClientHome(CODEX, codexStart(['echo hello-from-tool'], '/bin/bash', true), hooks);
    onTestFinished(home.leave);
    const bin = join(home.home, 'bin');
    mkdirSync(bin);
    symlinkSync(CODEX.client, join(bin, 'codex'));
    const trust = async (): Promise<void> => {
      const text = trusting(await listHooks(CODEX, home.home, home.project));
      writeFileSync(join(home.home, '.codex', 'config.toml'), text);
    };
    /** What Codex and HookBus say of the hook, and whether it refuses. */
    const state = async () => {
      const [listed] = await listHooks(CODEX, home.home, home.project);
      const { stdout } = await home.hookbus('hooks', '--agent', 'codex', '--json');
      const [hook] = (JSON.parse(stdout) as { hooks: { concern: string | null }[] }).hooks;
      const { received } = await home.session();
      const isRefused = received.join().includes('not this');
      return [listed?.trustStatus, hook?.concern ?? undefined, isRefused];
    };
    expect(await state()).toEqual(['untrusted', 'untrusted', false]);
    await trust();
    expect(await state()).toEqual(['trusted', 'not_recorded', true]);
    await home.install();
    expect(await state()).toEqual(['modified', 'untrusted', false]);
    await trust();
    expect(await state()).toEqual(['trusted', undefined, true]);
    expect(await home.rows()).toHaveLength(1);
  });
});

describeAlike(CODEX, DIALECT);
