import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nameHooks } from '../../src/agents/settings/name-hooks.ts';
import { nameIdeas, programIdeas } from '../../src/domain/hook/line-name.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8'));
/** Lines of the kinds that people publish, and the name that each should have; null: nothing in it names it. */
const NAMED = read('hook-names.json') as { line: string; name: string | null }[];
const LINES = [...NAMED, ...(read('shell-lines.json') as { line: string }[])].map(
  ({ line }) => line,
);

it.each(NAMED)('$name: $line', ({ line, name }) => {
  expect(nameIdeas(line)[0] ?? null).toBe(name);
});

const toName = (line: string, event = 'PreToolUse') => ({
  key: `line ${line}`,
  event,
  written: undefined,
  usual: '',
  ideas: nameIdeas(line),
});

describe('in one settings file', () => {
  it('no two lines have one name, and none is a word of the shell or of an ending', () => {
    const lines = [...new Set(LINES)];
    const names = [...nameHooks(lines.map((line) => toName(line))).values()];
    expect(names).toHaveLength(lines.length);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(lines.length);
    for (const name of names) expect(name).toMatch(/^[\p{L}\p{N}_][\p{L}\p{N}._+@-]*$/u);
    expect(names).not.toEqual(expect.arrayContaining(['PY']));
    for (const word of ['if', 'for', 'cat', 'echo', 'PY', 'END']) {
      const isAlone = lines.some((line) => line === word);
      expect(names.includes(word), word).toBe(isAlone);
    }
  });

  it('lines that one script tells apart are called by its first words', () => {
    const lines = [
      '~/.claude/dispatch.sh pre',
      '~/.claude/dispatch.sh post',
      'node run.js "a" b/c.js',
    ];
    const hooks = [...lines, 'node run.js "x" d/e.js'].map((line) => toName(line));
    expect([...nameHooks(hooks).values()]).toEqual(['dispatch-pre', 'dispatch-post', 'c', 'e']);
  });

  it('a line without a name is called by its event and a number', () => {
    const lines = ['cat | tr a-z A-Z', 'cat | sort', 'exit 2'];
    const hooks = lines.map((line) => toName(line, 'SubagentStop'));
    expect([...nameHooks(hooks).values()]).toEqual([
      'subagent-stop-1',
      'subagent-stop-2',
      'subagent-stop-3',
    ]);
  });

  it('a name that stands in the file stays, and no other line gets it', () => {
    const [first, ...rest] = ['jq .a | cat', 'npm test | tail', 'npm test | head'].map((line) =>
      toName(line, 'Stop'),
    );
    const hooks = [
      ...rest,
      { ...first, key: 'x', event: 'Stop', written: 'NPM-test', usual: '', ideas: [] },
    ];
    expect([...nameHooks(hooks).values()]).toEqual(['NPM-test', 'npm-test-stop', 'npm-test-2']);
  });

  it('a name of before does not take away what root protects', () => {
    const hooks = ['guard', 'lint'].map((usual) => ({ ...toName(`./${usual}.sh`), usual }));
    const rules = {
      known: ({ usual }: { readonly usual: string }) => `my-${usual}`,
      mayDiffer: (usual: string, name: string) => usual !== 'guard' || name === 'guard',
    };
    expect([...nameHooks(hooks, rules).values()]).toEqual(['my-lint', 'guard']);
  });
});

it('a program with arguments is called by its script, or by what it does', () => {
  expect(programIdeas(['node', '/x/check.mjs', '--strict'])[0]).toBe('check');
  expect(programIdeas(['npm', 'run', 'lint'])[0]).toBe('npm-lint');
  expect(programIdeas(['jq', '-r', '.x'])).toEqual(['jq']);
});

it('a hostile line has a harmless name, or none, and soon', () => {
  const deep = '$('.repeat(3000);
  const lines = [deep, `"${deep}`, '"$("'.repeat(3000), "'".repeat(9999), '`'.repeat(9999)];
  for (const line of [...lines, '<<'.repeat(5000), '[['.repeat(5000), 'case x in '.repeat(900)]) {
    for (const name of nameIdeas(line)) expect(name).toMatch(/^[\w.+@-]+$/);
  }
  const secret = 'curl -s https://u:s3cret@hooks.example.com/services/T0/B0/s3cret?s3cret';
  expect(nameIdeas(secret).join()).toBe('curl-hooks.example.com');
  expect(nameIdeas('./a\u001b[31m.sh; x').join()).not.toContain('\u001b');
});
