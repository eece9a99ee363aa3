import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isProtected, parsePolicy, readPolicy } from '../../src/gates/policy.ts';

interface Vector {
  readonly name: string;
  readonly text: string;
  readonly hook: string;
  readonly protected: boolean;
}

const FILE = new URL('../../fixtures/vectors/policy.json', import.meta.url);
const VECTORS = JSON.parse(readFileSync(FILE, 'utf8')) as Vector[];

describe('the policy of root', () => {
  it.each(VECTORS)('$name', ({ text, hook, protected: expected }) => {
    expect(isProtected(hook, parsePolicy(text))).toBe(expected);
  });

  it('that is too long protects every hook', () => {
    const text = JSON.stringify({ protected_hooks: ['x'.repeat(70_000)] });
    expect(isProtected('guard', parsePolicy(text))).toBe(true);
  });

  it('does not exist by default, and protects none', () => {
    expect(readPolicy()).toMatchObject({ state: 'absent' });
    expect(isProtected('guard')).toBe(false);
  });
});
