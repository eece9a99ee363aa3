import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { testFiring } from '../../src/agents/matching/firing.ts';
import type { AgentName } from '../../src/agents/settings/agent-settings.ts';

/** What Claude Code 2.1.330 did with these rules and matchers, one hook each, on real tool calls in /project. */
const MEASURED = JSON.parse(readFileSync('fixtures/vectors/firing.json', 'utf8')) as {
  readonly rules: Readonly<Record<string, { conditions: string[]; matchers: string[] }>>;
  readonly calls: readonly {
    readonly set: string;
    readonly tool: string;
    readonly input: Record<string, unknown>;
    readonly run: string[];
    readonly matched: string[];
  }[];
};

const ANCHORS = { cwd: '/project', home: '/home', settings: '/project' };

const firing = (
  agent: AgentName,
  event: string,
  payload: object,
  matcher?: string,
  condition?: string,
) =>
  testFiring(
    { event, matcher, condition },
    { agent, event, payload: payload as Record<string, unknown> },
    ANCHORS,
  );

describe('hooks of Claude Code', () => {
  it.each(MEASURED.calls)('run as the client ran them: $tool $input', (call) => {
    const { conditions = [], matchers = [] } = MEASURED.rules[call.set] ?? {};
    const payload = { tool_name: call.tool, tool_input: call.input };
    const runs = (matcher?: string, condition?: string): boolean =>
      firing('claude', 'PreToolUse', payload, matcher, condition).fires !== 'no';
    expect(conditions.filter((rule) => runs(undefined, rule))).toEqual(call.run);
    expect(matchers.filter((matcher) => runs(matcher))).toEqual(call.matched);
  });

  it('run in doubt, with the reason', () => {
    const call = { tool_name: 'Bash', tool_input: { command: 'f() { ls; }; f' } };
    expect(firing('claude', 'PreToolUse', call, 'Bash', 'Bash(rm *)')).toEqual({
      fires: 'unknown',
      reason:
        'if "Bash(rm *)" cannot be decided for this command; Claude Code runs the hook when in doubt',
    });
    expect(firing('claude', 'PreToolUse', {}, 'Bash').fires).toBe('unknown');
    expect(firing('claude', 'TomorrowsEvent', { x: 'y' }, 'x').fires).toBe('unknown');
  });

  it.each([
    ['SessionStart', { source: 'resume' }, 'startup|resume', 'yes'],
    ['SessionStart', { source: 'clear' }, 'startup|resume', 'no'],
    ['Notification', { notification_type: 'idle_prompt' }, 'idle', 'no'],
    ['Notification', { notification_type: 'idle_prompt' }, '^idle', 'yes'],
    ['FileChanged', { file_path: '/project/.envrc' }, '.envrc|.env', 'yes'],
    ['StopFailure', { error: 'rate_limit' }, 'rate_limit, overloaded', 'no'],
    ['SubagentStop', { agent_type: 'my-plugin:reviewer' }, '^my-plugin:reviewer$', 'yes'],
    ['UserPromptSubmit', { prompt: 'x' }, 'nothing', 'yes'],
    ['Stop', {}, 'nothing', 'yes'],
  ])('on %s %j with the matcher %j: %s', (event, payload, matcher, fires) => {
    expect(firing('claude', event, payload, matcher).fires).toBe(fires);
  });

  it.each([
    ['mcp__memory', 'mcp__memory__read', 'yes'],
    ['mcp__memory__*', 'mcp__memory__read', 'yes'],
    ['mcp__memory__read', 'mcp__memory__write', 'no'],
    ['mcp__mem', 'mcp__memory__read', 'no'],
    ['Agent(Explore)', 'Agent', 'unknown'],
  ])('with the rule %s for %s: %s', (rule, tool, fires) => {
    const payload = { tool_name: tool, tool_input: {} };
    expect(firing('claude', 'PostToolUse', payload, undefined, rule).fires).toBe(fires);
  });

  it('with "if" never run on events without a tool', () => {
    expect(firing('claude', 'Stop', {}, undefined, 'Bash').fires).toBe('no');
  });
});

describe("other agents' matchers", () => {
  it.each<[AgentName, string, object, string, string]>([
    ['codex', 'PreToolUse', { tool_name: 'apply_patch' }, 'Edit|Write', 'yes'],
    ['codex', 'PreToolUse', { tool_name: 'Bash' }, 'Edit, Bash', 'no'],
    ['codex', 'PreToolUse', { tool_name: 'BashOutput' }, '^Bash', 'yes'],
    ['codex', 'PreToolUse', { tool_name: 'Bash' }, '[', 'no'],
    ['codex', 'Stop', {}, '^x$', 'yes'],
    ['gemini', 'BeforeTool', { tool_name: 'write_file' }, 'write', 'yes'],
    ['gemini', 'BeforeTool', { tool_name: 'read_file' }, 'write_.*|replace', 'no'],
    ['gemini', 'SessionStart', { source: 'startup' }, 'start', 'no'],
    ['gemini', 'AfterAgent', {}, 'x', 'yes'],
    ['copilot', 'preToolUse', { toolName: 'bash' }, 'bash|edit', 'yes'],
    ['copilot', 'preToolUse', { toolName: 'github-bash' }, 'bash', 'no'],
    ['copilot', 'PreToolUse', { tool_name: 'Bash' }, 'Bash|Edit', 'yes'],
    ['copilot', 'PreToolUse', { tool_name: 'Bash' }, 'bash', 'yes'],
    ['copilot', 'PreToolUse', { tool_name: 'Bash' }, 'Ba.', 'no'],
    ['cursor', 'beforeShellExecution', { command: 'curl x' }, 'curl|wget', 'yes'],
    ['cursor', 'preToolUse', { tool_name: 'Shell' }, '^Write$', 'no'],
    ['cursor', 'afterFileEdit', {}, 'Write', 'yes'],
  ])('%s, %s %j, matcher %j: %s', (agent, event, payload, matcher, fires) => {
    expect(firing(agent, event, payload, matcher).fires).toBe(fires);
  });
});

describe('a pattern that would take years to try', () => {
  const long = 'a'.repeat(60);
  it.each<[string, object, string | undefined, string | undefined]>([
    ['matcher', { tool_name: `mcp__${long}!` }, '^mcp__(a+)+$', undefined],
    [
      'if, on a command',
      { tool_name: 'Bash', tool_input: { command: `${'a '.repeat(2000)}b` } },
      undefined,
      `Bash(${'* '.repeat(30)}c)`,
    ],
  ])('is given up, and the hook counts as running: %s', (_, payload, matcher, condition) => {
    expect(firing('claude', 'PreToolUse', payload, matcher, condition)).toEqual({
      fires: 'unknown',
      reason: 'a pattern takes too long to try',
    });
  });

  it('but a common pattern with repetitions is tried', () => {
    const call = { tool_name: 'mcp__github__create_issue' };
    const matcher = '^(mcp__)?(github|gitlab)(__[a-z]+)+(_[a-z]+)*$';
    expect(firing('claude', 'PreToolUse', call, matcher).fires).toBe('yes');
    expect(firing('claude', 'PreToolUse', { tool_name: 'Bash' }, matcher).fires).toBe('no');
  });
});
