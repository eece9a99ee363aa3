import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultHookName } from '../../src/domain/hook/hook-name.ts';

interface Vector {
  readonly argv?: string[];
  readonly shell?: string;
  readonly name: string;
}

const FILE = new URL('../../fixtures/vectors/hook-name.json', import.meta.url);
const VECTORS = JSON.parse(readFileSync(FILE, 'utf8')) as Vector[];

describe('the default name of a hook', () => {
  it.each(VECTORS)('of $argv $shell is $name', ({ argv = [], shell, name }) => {
    const words = shell === undefined ? argv : ['/bin/sh', '-c', shell];
    expect(defaultHookName(words, shell)).toBe(name);
  });

  it('is a label of at most 80 characters', () => {
    expect(defaultHookName(['x'.repeat(500)])).toHaveLength(80);
  });
});
