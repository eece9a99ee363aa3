import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { callLine } from '../../src/app/reading/call-line.ts';

const fixture = (name: string): string => readFileSync(`fixtures/payloads/${name}.json`, 'utf8');
const bash = (command: string): string =>
  JSON.stringify({ tool_name: 'Bash', tool_input: { description: 'x', command } });

it.each([
  ['PreToolUse.Bash', 'Bash: npm test -- --run src/auth'],
  ['PreToolUse.Edit', 'Edit: src/config.py'],
  ['PreToolUse.Grep.subagent', 'Grep: router\\.(get|post)\\('],
  ['PreToolUse.Agent', 'Agent: Find API endpoints'],
  ['PreToolUse.mcp', 'mcp__github__search_issues: repo:example/app is:open label:bug'],
  ['PostToolBatch', 'Read: src/a.py and 1 more'],
  [
    'UserPromptSubmit',
    'Prompt: Refactor src/config.py so that load() validates its input, and add tests.',
  ],
  ['Stop', undefined],
  ['other-agents/codex.PreToolUse', 'Bash: npm test'],
  ['other-agents/copilot.preToolUse.camel', 'bash: npm test'],
  ['other-agents/cursor.beforeShellExecution.bom', 'Shell: npm test'],
  ['other-agents/gemini.BeforeTool', 'run_shell_command: npm test'],
])('says in one line what the call of %s was about', (name, line) => {
  const expected = line !== undefined && line.length > 80 ? `${line.slice(0, 79)}…` : line;
  expect(callLine(fixture(name))).toBe(expected);
  expect(callLine(JSON.parse(fixture(name).replace(/^\ufeff/, '')))).toBe(expected);
});

it('shows what would be invisible, and cuts between characters', () => {
  expect(callLine(bash('  cd a\nrm -rf b\x1b[2J\u202e'))).toBe(
    'Bash: cd a\\nrm -rf b\\x1b[2J\\u202e',
  );
  const line = callLine(bash('🚀'.repeat(5000))) ?? '';
  expect([...line]).toHaveLength(80);
  expect(line).toMatch(/^Bash: (?:🚀){73}…$/u);
});

it('reads the beginning of a payload that was truncated, wherever the cut is', () => {
  const text = `{"cwd":"/a","tool_name":"Write","tool_input":{"file_path":"/a/é \\"b\\".py","content":"${'x'.repeat(99_999)} \\"command\\": \\"no\\"`;
  expect(callLine(text)).toBe('Write: é "b".py');
  const short = JSON.stringify({ tool_name: 'Bash', tool_input: { command: 'echo "\u0007é' } });
  for (let length = 0; length <= short.length; length += 1) {
    const line = callLine(short.slice(0, length));
    expect('Bash: echo "\\x07é'.startsWith(line ?? '') || line).toBe(true);
  }
});

it.each([
  ['', undefined],
  ['no JSON', undefined],
  ['null', undefined],
  ['[1]', undefined],
  ['{"tool_name":7,"tool_input":{"command":"x"}}', undefined],
  ['{"tool_name":"Bash"}', 'Bash'],
  ['{"tool_name":"Bash","tool_input":null}', 'Bash'],
  [
    '{"tool_name":"Shell","tool_input":{"command":["bash","-lc","npm test"]}}',
    'Shell: bash -lc npm test',
  ],
  ['{"tool_name":"T","tool_input":{"todos":[{"id":1}]}}', 'T: {"todos":[{"id":1}]}'],
  ['{"toolName":"bash","toolArgs":"{\\"command\\":\\"ls\\"}"}', 'bash: ls'],
  ['{"tool_name":"T","tool_input":"free text"}', 'T: free text'],
  [
    '{"tool_name":"T","tool_input":{"__proto__":{"command":"x"},"command":" "}}',
    'T: {"__proto__":{"command":"x"},"command":" "}',
  ],
])('of %s it says %o', (payload, line) => {
  expect(callLine(payload)).toBe(line);
});
