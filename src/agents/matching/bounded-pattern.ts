import { runInNewContext } from 'node:vm';

/** Anybody may have written a pattern, and some take years to try. A busy machine takes long to begin with any. */
const LIMIT_MS = 1000;

/** A pattern takes too long to try. */
export class CostlyPattern extends Error {}

/** Whether a pattern has no repetition of a group, and few others: no text makes it slow. */
export function isCheap(pattern = ''): boolean {
  return !/\)[*+?{]/.test(pattern) && (pattern.match(/[*+{]/g) ?? []).length <= 3;
}

/** Tries a pattern for a moment. @throws CostlyPattern after that */
export function testPattern(pattern: RegExp, value: string): boolean {
  const { source, flags } = pattern;
  if (isCheap(source)) return pattern.test(value);
  try {
    const parts = { source, flags, value };
    const code = 'new RegExp(source, flags).test(value)';
    return runInNewContext(code, parts, { timeout: LIMIT_MS }) === true;
  } catch (error) {
    throw new CostlyPattern('it takes too long to try', { cause: error });
  }
}

/** A text as a part of a pattern that matches only it. */
export const escaped = (text: string): string => text.replace(/[$(){}.+*?[\]\\^|/-]/g, '\\$&');
