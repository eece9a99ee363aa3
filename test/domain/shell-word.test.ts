import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { typedWord } from '../../src/domain/hook/shell-word.ts';

it.each([
  ['guard_rm', 'guard_rm'],
  ["it's a $guard", "'it'\\''s a $guard'"],
  ['a\x03touch /tmp/pasted\rb', "$'a\\x03touch /tmp/pasted\\x0db'"],
  ["'\u202e\\\x1b]0;Löwe\x07", undefined],
])('%j is pasted as one word, and nothing in it is obeyed or hidden', (text, word) => {
  const typed = typedWord(text);
  if (word !== undefined) expect(typed).toBe(word);
  expect(typed).toMatch(/^[ -~]+$/);
  const { stdout } = spawnSync('bash', ['-c', `printf %s ${typed}`], { encoding: 'utf8' });
  expect(stdout).toBe(text);
});
