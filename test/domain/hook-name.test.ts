import { describe, expect, it } from 'vitest';
import { defaultHookName } from '../../src/domain/hook/hook-name.ts';

describe('the default name of a hook', () => {
  it.each([
    [['python3', 'x/guard_rm.py'], 'guard_rm'],
    [['python3.11', '-u', '/a/b/guard.py', '--strict'], 'guard'],
    [['/usr/bin/env', 'node', './fmt.test.mjs'], 'fmt.test'],
    [['./hooks/notify'], 'notify'],
    [['C:\\hooks\\guard.exe'], 'guard'],
    [['npx', '-y', 'prettier', '--write'], 'prettier'],
    [['python3', '-m', 'pkg', 'x.py'], 'x'],
    [['bash', '-c', 'echo hi'], 'bash'],
    [['FOO=1', 'env', 'BAR=2', 'tool'], 'tool'],
    [['.hidden'], '.hidden'],
    [[''], 'hook'],
    [[], 'hook'],
  ])('of %j is %j', (argv, name) => {
    expect(defaultHookName(argv)).toBe(name);
  });

  it.each([
    [`cat | python3 "$CLAUDE_PROJECT_DIR"/.claude/hooks/check.py`, 'check'],
    ['cd "$CLAUDE_PROJECT_DIR" && ./guard.sh', 'guard'],
    [`jq -r '.tool_input.file_path' | xargs npx prettier --write`, 'jq'],
    ['A=1 B=2 lint 2>/dev/null || true', 'lint'],
  ])('of the shell line %j is %j', (line, name) => {
    expect(defaultHookName(['/bin/sh', '-c', line], line)).toBe(name);
  });

  it('is a label of at most 80 characters', () => {
    expect(defaultHookName(['x'.repeat(500)])).toHaveLength(80);
  });
});
