import { describe, expect, it } from 'vitest';
import { type Cause, deriveCorrelationId, parseTraceParent } from '../../src/domain/correlation.ts';
import { defaultHookName } from '../../src/domain/hook/hook-name.ts';

/** Written to fixtures/vectors/hook-name.json by `vitest -u`; twins.test.ts holds the launcher to that file. */
const NAMES: readonly (readonly [command: readonly string[] | string, name: string])[] = [
  [['python3', 'x/guard_rm.py'], 'guard_rm'],
  [['python3.11', '-u', '/a/b/guard.py', '--strict'], 'guard'],
  [['pypy3', 'a.b.py'], 'a.b'],
  [['/usr/bin/env', 'node', './fmt.test.mjs'], 'fmt.test'],
  [['./hooks/notify'], 'notify'],
  [['hooks/notify/'], 'notify'],
  [['///'], 'hook'],
  [['C:\\hooks\\guard.exe'], 'guard'],
  [['C:\\hooks\\'], 'hooks'],
  [['npx', '-y', 'prettier', '--write'], 'prettier'],
  [['python3', '-m', 'pkg', 'x.py'], 'x'],
  [['python3', '-m', 'pkg.py'], 'python3'],
  [['node', '-e', 'x.js', 'y'], 'y'],
  [['node', '--eval', 'x.js'], 'node'],
  [['pwsh', '-command', 'x.ps1', 'y.ps1'], 'y'],
  [['bash', '-c', 'echo hi'], 'bash'],
  [['Rscript', 'plot.R'], 'plot'],
  [['tool', 'plot.r'], 'tool'],
  [['FOO=1', 'env', 'BAR=2', 'tool'], 'tool'],
  [['1A=2'], '1A=2'],
  [['_a9=x', 'b'], 'b'],
  [['=x'], '=x'],
  [['-x', '--y'], '-x'],
  [['-'], '-'],
  [['env', 'sudo', 'nice'], 'env'],
  [['.hidden'], '.hidden'],
  [['.py'], '.py'],
  [['..py'], '.'],
  [['a.'], 'a.'],
  [['a.toolong'], 'a.toolong'],
  [['a.b_c'], 'a.b_c'],
  [['x.tar.gz'], 'x.tar'],
  [['tool', 'data.json', 'late.sh'], 'late'],
  [['two words'], 'two words'],
  [['a b.sh', 'c'], 'a b'],
  [['', 'b'], 'b'],
  [['', ''], 'hook'],
  [[''], 'hook'],
  [[], 'hook'],
  [['naïve.py'], 'naïve'],
  [['日本語'], '日本語'],
  [['x'.repeat(500)], 'x'.repeat(80)],
  [['é'.repeat(100)], 'é'.repeat(80)],
  [['日'.repeat(100)], '日'.repeat(80)],
  [['🚀'.repeat(100)], '🚀'.repeat(40)],
  [[`x${'🚀'.repeat(100)}`], `x${'🚀'.repeat(39)}\ufffd`],
  [`cat | python3 "$CLAUDE_PROJECT_DIR"/.claude/hooks/check.py`, 'check'],
  ['cd "$CLAUDE_PROJECT_DIR" && ./guard.sh', 'guard'],
  [`jq -r '.tool_input.file_path' | xargs npx prettier --write`, 'jq'],
  ['A=1 B=2 lint 2>/dev/null || true', 'lint'],
  [`"a b"/'c d'.sh x`, 'c d'],
  [`"it's".py`, 'its'],
  [`"" x`, 'x'],
  [`''`, 'hook'],
  [`"open end`, 'open'],
  [`x"y`, 'x'],
  [`"a"'b'c.sh`, 'abc'],
  ['(a;b)>c<d|e&f', 'a'],
  ['\t\n a\u00a0b', 'a'],
  ['\ufeff\u2003python3\u3000x.py', 'x'],
  ['bash -c "x.py" y.py', 'y'],
  ['   ', 'hook'],
  ['', 'hook'],
];

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

/** Written to fixtures/vectors/correlation.json, like the names. */
const TRACE_PARENTS: readonly (readonly [text: string, isValid: boolean])[] = [
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-00`, true],
  [`00-${TRACE}-${SPAN}-ff`, true],
  [`01-${TRACE}-${SPAN}-01`, true],
  [`cc-${TRACE}-${SPAN}-01-later`, true],
  [`cc-${TRACE}-${SPAN}-01-`, true],
  [`cc-${TRACE}-${SPAN}-01later`, false],
  [`cc-${TRACE}-${SPAN}-01-la\nter`, false],
  [`00-${TRACE}-${SPAN}-01-later`, false],
  [`00-${TRACE}-${SPAN}-01-`, false],
  [`00-${TRACE}-${SPAN}-01\n`, false],
  [` 00-${TRACE}-${SPAN}-01`, false],
  [`ff-${TRACE}-${SPAN}-01`, false],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, false],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, false],
  [`00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-01`, true],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, false],
  [`00-${TRACE}-${SPAN}-0`, false],
  [`00-${TRACE}-${SPAN}`, false],
  [`00-${TRACE.slice(1)}-${SPAN}-01`, false],
  [`00-${TRACE}0-${SPAN}-01`, false],
  [`0x-${TRACE}-${SPAN}-01`, false],
  [`00_${TRACE}_${SPAN}_01`, false],
  ['garbage', false],
  ['00-', false],
  ['', false],
];

const CAUSES: readonly (readonly [cause: Cause, id: string])[] = [
  [
    { sessionId: 's', toolUseId: 't', promptId: 'p', eventType: 'e' },
    '854caf4678d5f69943b648717c182447',
  ],
  [
    { sessionId: 's', toolUseId: '', promptId: 'p', eventType: 'e' },
    '6d4fb7c480c43b2fee39a363d6a551e8',
  ],
  [{ sessionId: 's', promptId: '', eventType: 'e' }, 'def52ddb563b109bdfe9c2a023bd7276'],
  [{ sessionId: 's' }, '90079958ee1225e687f44a94457de75f'],
  [{ sessionId: 'naïve 🚀', toolUseId: '日本語' }, 'e144bee7ae2f14b0676ceb9122586205'],
  [{ sessionId: 'x'.repeat(256), toolUseId: 'y'.repeat(256) }, '59bf4b4994e0fc1f7bf879609e98f364'],
];

describe('the vectors of the launcher', () => {
  it.each(NAMES)('name the hook of %j %j', (command, name) => {
    // As it is written in a record: half a surrogate pair becomes U+FFFD there.
    expect(Buffer.from(nameOf(command)).toString()).toBe(name);
  });

  it('keep the names in the file that the launcher is tested with', async () => {
    const lines = NAMES.map(([command, name]) =>
      JSON.stringify(
        typeof command === 'string' ? { shell: command, name } : { argv: command, name },
      ),
    );
    await expect(fileOf(lines)).toMatchFileSnapshot('../../fixtures/vectors/hook-name.json');
  });

  it.each(TRACE_PARENTS)('say whether the traceparent %j is valid: %j', (text, isValid) => {
    expect(parseTraceParent(text) !== undefined).toBe(isValid);
  });

  it.each(CAUSES)('derive from %j the correlation id %s', (cause, id) => {
    expect(deriveCorrelationId(cause)).toBe(id);
  });

  it('keep the causes in the file that the launcher is tested with', async () => {
    const lines = [
      ...TRACE_PARENTS.map(([text]) =>
        JSON.stringify({ traceparent: text, parsed: parseTraceParent(text) ?? null }),
      ),
      ...CAUSES.map(([cause, id]) => JSON.stringify({ cause, id })),
    ];
    await expect(fileOf(lines)).toMatchFileSnapshot('../../fixtures/vectors/correlation.json');
  });
});

const nameOf = (command: readonly string[] | string): string =>
  typeof command === 'string'
    ? defaultHookName(['/bin/sh', '-c', command], command)
    : defaultHookName(command);

const fileOf = (lines: readonly string[]): string => `[\n${lines.join(',\n')}\n]\n`;
