import { describe, expect, it } from 'vitest';
import { aClientHome, type ClientStart, findDriven } from './support/one-call.ts';

const CODEX = findDriven('codex');
const WHY = typeof CODEX === 'string' ? ` (skipped: ${CODEX})` : '';

const PROVIDER =
  '{name="stub",base_url="http://127.0.0.1:PORT/v1",wire_api="responses",env_key="STUB_KEY"}';

const codexWith = (SHELL: string): ClientStart => ({
  agent: 'codex',
  settings: '.codex/hooks.json',
  command: (client) => [
    client,
    'exec',
    '--skip-git-repo-check',
    '--dangerously-bypass-approvals-and-sandbox',
    '--dangerously-bypass-hook-trust',
    ...['-c', 'model_provider="stub"', '-c', `model_providers.stub=${PROVIDER}`],
    // Otherwise it waits 5 s for hosts of its metrics that cannot be resolved here.
    ...['-c', 'analytics.enabled=false', '-c', 'features.plugins=false'],
    ...['-c', 'model="stub"', 'go'],
  ],
  env: { STUB_KEY: 'none', SHELL },
  tool: { name: 'exec_command', input: { cmd: 'echo hello-from-tool' } },
});

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
    { timeout: 120_000 },
    async ([_title, command, shell, received], { onTestFinished }) => {
      const hooks = { hooks: { PreToolUse: [{ hooks: [{ type: 'command', command }] }] } };
      const home = aClientHome(CODEX, codexWith(shell), hooks);
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
      expect(await home.recorded()).toBe(1);
      await home.uninstall();
      expect(home.settings()).toBe(before);
    },
  );
});
