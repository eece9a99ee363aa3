import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { AGENT_VARIABLES } from '../../src/agents/recognize.ts';
import type { Engine } from './support/engine.ts';
import { query } from './support/rows.ts';
import type { RunOptions } from './support/stage.ts';
import { type Topic, topic, WRITTEN_BEFORE } from './support/topic.ts';

type Variables = NonNullable<RunOptions['set']>;

/** Who ran a hook: payload, variables, agent. */
const CALLERS: ReadonlyArray<readonly [payload: object, set: Variables, agent: string | null]> = [
  [{ hook_event_name: 'PreToolUse', session_id: 's' }, {}, null],
  [{ hook_event_name: 'PreToolUse' }, { CLAUDE_PROJECT_DIR: '/p', CLAUDECODE: '1' }, 'claude'],
  [{ transcript_path: '/h/.claude/projects/-p/1.jsonl' }, {}, 'claude'],
  [{ hook_event_name: 'PreToolUse', turn_id: '1' }, { CLAUDE_PROJECT_DIR: '/p' }, 'codex'],
  [{ transcript_path: '/h/.codex/sessions/2026/rollout-2026-1.jsonl' }, {}, 'codex'],
  [{ hook_event_name: 'BeforeTool' }, { CLAUDE_PROJECT_DIR: '/p' }, 'gemini'],
  [
    { hook_event_name: 'SessionStart' },
    { GEMINI_PROJECT_DIR: '/p', CLAUDE_PROJECT_DIR: '/p' },
    'gemini',
  ],
  [{ conversation_id: 'c', generation_id: 'g' }, {}, 'cursor'],
  [{ sessionId: 's', toolName: 'bash' }, { CLAUDE_PROJECT_DIR: '/p' }, 'copilot'],
  [{ session_id: 's' }, { COPILOT_CLI: '1', CLAUDE_PROJECT_DIR: '/p' }, 'copilot'],
  [{ tool_call_id: 't', prompt_id: 'p' }, { GEMINI_PROJECT_DIR: '/p' }, 'qwen'],
  [{ session_id: 's' }, { FACTORY_PROJECT_DIR: '/p', CLAUDE_PROJECT_DIR: '/p' }, 'droid'],
  [{ conversation_id: 'c' }, { AUGMENT_PROJECT_DIR: '/p' }, 'auggie'],
  [{ taskId: 't', hookName: 'tool_call' }, {}, 'cline'],
];

const ANSWERS: ReadonlyArray<readonly [event: string, line: string, row: object]> = [
  ['PreToolUse', 'echo no >&2; exit 2', { decision: 'deny', decision_reason: 'no' }],
  ['PostToolUse', 'echo hm >&2; exit 2', { decision: 'none', status: 'blocked' }],
  ['PreToolUse', 'exit 1', { decision: 'none', status: 'error' }],
  [
    'PreToolUse',
    `echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"not here"}}'`,
    { decision: 'deny', decision_reason: 'not here', status: 'success', changes_input: 0 },
  ],
  [
    'PreToolUse',
    `echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","updatedInput":{"command":"ls"}}}'`,
    { decision: 'allow', changes_input: 1 },
  ],
  [
    'PostToolUse',
    `echo '{"hookSpecificOutput":{"hookEventName":"PostToolUse","additionalContext":"Grüße"}}'`,
    { decision: 'none', context_chars: 5 },
  ],
  ['SessionStart', 'echo Grüße', { decision: 'none', context_chars: 5 }],
  [
    'Stop',
    `echo '{"continue":false,"stopReason":"enough"}'`,
    { decision: 'stop', decision_reason: 'enough' },
  ],
];

export function decisions(engine: Engine): void {
  const register = ({ test }: Topic): void => {
    test('a row says which agent ran the hook', async (stage) => {
      for (const [index, [payload, set]] of CALLERS.entries()) {
        const flags = ['--name', `caller-${String(index).padStart(2, '0')}`];
        await stage.wrapped(['true'], { flags, set, input: JSON.stringify(payload) });
      }
      const rows = (await stage.rows()).sort((one, other) =>
        one.hook_name.localeCompare(other.hook_name),
      );
      expect(rows.map(({ agent }, index) => [index, agent])).toEqual(
        CALLERS.map(([, , agent], index) => [index, agent]),
      );
    });

    for (const [event, line, row] of ANSWERS) {
      test(`the decision of \`${line}\` on ${event}`, async (stage) => {
        const set = { CLAUDE_PROJECT_DIR: stage.directory };
        const input = JSON.stringify({ hook_event_name: event });
        await stage.wrapped(['sh', '-c', line], { set, input });
        expect(await stage.onlyRow()).toMatchObject({ agent: 'claude', ...row });
      });
    }

    test('an answer that the agent does not understand is no decision, and a warning', async (stage) => {
      const answer = `{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"block"}}`;
      await stage.wrapped(['echo', answer]);
      expect(await stage.onlyRow()).toMatchObject({ decision: 'none' });
      const notices = query<{ text: string }>(stage.home, 'SELECT text FROM notices');
      expect(notices.map(({ text }) => text)).toEqual([
        expect.stringMatching(/^probe: PreToolUse: permissionDecision/),
      ]);
    });

    test('a secret in a reason is replaced', async (stage) => {
      const secret = ['gh', 'p_', 'a1B2'.repeat(9)].join('');
      await stage.wrapped(['sh', '-c', `echo ${secret} >&2; exit 2`]);
      const { decision, decision_reason } = await stage.onlyRow();
      expect(decision).toBe('deny');
      expect(decision_reason).toMatch(/redacted/);
      expect(decision_reason).not.toContain(secret);
    });

    test('a row says which subagent, project and script it was', async (stage) => {
      mkdirSync(stage.path('.git'));
      mkdirSync(stage.path('deep/er'), { recursive: true });
      const script = '#!/bin/sh\nexit 0\n';
      writeFileSync(stage.path('guard.sh'), script, { mode: 0o700 });
      const input = '{"hook_event_name":"PreToolUse","agent_type":"reviewer"}';
      const set = { CLAUDE_PROJECT_DIR: stage.directory };
      const cwd = join(stage.directory, 'deep', 'er');
      const lines = [`"$CLAUDE_PROJECT_DIR"/guard.sh`, `cd "$CLAUDE_PROJECT_DIR" && sh guard.sh x`];
      for (const line of lines) {
        await stage.wrapped(['sh', '-c', line], { input, set, cwd });
      }
      await stage.wrapped(['sh', '../../guard.sh'], { input, set, cwd });
      const digest = createHash('sha256').update(script).digest('hex');
      for (const row of await stage.rows()) {
        expect(row).toMatchObject({
          exit_code: 0,
          subagent: 'reviewer',
          project: stage.directory,
          script_digest: digest,
        });
      }
    });

    test('without a script there is no digest, and without a work tree the project is the directory', async (stage) => {
      await stage.wrapped(['cat']);
      expect(await stage.onlyRow()).toMatchObject({
        script_digest: null,
        project: stage.directory,
      });
    });

    test('HOOKBUS_STORE_RAW may name decisions and statuses', async (stage) => {
      const set = { HOOKBUS_STORE_RAW: ' Deny,error ' };
      for (const code of [0, 1, 2]) {
        const flags = ['--name', `exit-${code}`, '--event', 'PreToolUse'];
        await stage.wrapped(['sh', '-c', `cat; exit ${code}`], { set, flags, input: '{"a":1}' });
      }
      await stage.wrapped(['true'], { set: { HOOKBUS_STORE_RAW: 'deny,nonsense' }, input: '{}' });
      await stage.rows();
      const stored = query<{ hook_name: string }>(
        stage.home,
        `SELECT DISTINCT hook_name FROM hook_logs JOIN hook_payloads ON log_id = id ORDER BY 1`,
      );
      expect(stored.map(({ hook_name }) => hook_name)).toEqual(['exit-1', 'exit-2']);
      const notices = query<{ text: string }>(
        stage.home,
        "SELECT text FROM notices WHERE text LIKE '%HOOKBUS_STORE_RAW%'",
      );
      expect(notices.map(({ text }) => text)).toEqual([
        'probe: HOOKBUS_STORE_RAW: expected 1, true, yes, on or 0, false, no, off, or a list of decisions and statuses such as deny,error, got "deny,nonsense"; using the default',
      ]);
    });

    test('the variables of the agent are stored with a payload, and none that may be secret', async (stage) => {
      const known = Object.fromEntries(AGENT_VARIABLES.map((name) => [name, `value of ${name}`]));
      const set = {
        ...known,
        CLAUDE_CODE_MESSAGING_TOKEN: 'secret',
        CLAUDE_PLUGIN_OPTION_KEY: 'secret',
        ANTHROPIC_API_KEY: 'secret',
      };
      await stage.wrapped(['true'], { set, flags: ['--name', 'without'] });
      await stage.wrapped(['true'], {
        set: { ...set, HOOKBUS_STORE_RAW: '1' },
        flags: ['--name', 'with'],
      });
      const rows = await stage.rows();
      const variables = (name: string) =>
        rows.find((row) => row.hook_name === name)?.agent_variables;
      expect(variables('without')).toBeNull();
      expect(JSON.parse(variables('with') ?? '')).toEqual(known);
    });
  };
  topic(engine, 'decisions', 'concurrent', register, WRITTEN_BEFORE);
}
