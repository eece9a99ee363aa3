/** The version of this HookBus. A test checks that package.json has the same. */
export const VERSION = '0.1.0';

/** Whether `other` is a later version than `own`, by its three numbers; false if either is not a version. */
export function isNewerVersion(other: string, own: string): boolean {
  const [left, right] = [numbersOf(other), numbersOf(own)];
  if (left === undefined || right === undefined) return false;
  const index = left.findIndex((number, at) => number !== right[at]);
  return index >= 0 && (left[index] ?? 0) > (right[index] ?? 0);
}

function numbersOf(version: string): number[] | undefined {
  return /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
}
