import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isRefusal } from '../../src/domain/answer/refusal.ts';

interface Vector {
  readonly name: string;
  readonly event: string;
  readonly exit_code: number;
  readonly stdout: string;
  readonly refusal: boolean;
}

const VECTORS = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/refusal.json', import.meta.url), 'utf8'),
) as Vector[];

describe('the output of a hook', () => {
  it.each(VECTORS)(
    'is recognized as a refusal or not: $name',
    ({ event, exit_code, stdout, refusal }) => {
      expect(isRefusal(event, exit_code, Buffer.from(stdout))).toBe(refusal);
    },
  );
});
