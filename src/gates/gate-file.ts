import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../domain/sha256.ts';

/** Why a hook is not to run: `off` by hand, `breaker` because it keeps failing. */
type GateKind = 'off' | 'breaker';

export interface Gate {
  readonly kind: GateKind;
  /** Unix time in ms; 0: until it is taken away, which only `off` can be. */
  readonly untilMs: number;
}

/** Longer names get a file named by their digest. */
const MOST_NAME_BYTES = 120;

/** The file of a hook's gate: its name, with every byte but letters, digits, `-`, `_` and inner dots as `%XX`. */
export function gatePath(directory: string, hookName: string): string {
  const name = Array.from(Buffer.from(hookName), (byte, index) => {
    const character = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9_-]/.test(character) || (character === '.' && index > 0);
    return isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
  if (name.length <= MOST_NAME_BYTES) return join(directory, name);
  return join(directory, sha256Hex(hookName));
}

/**
 * The gate that keeps a hook from running now; undefined where there is none, or where it makes no sense or has run
 * out: on doubt, the hook runs. Costs one look at a file that is normally not there.
 */
export function closedGate(directory: string, hookName: string, nowMs: number): Gate | undefined {
  let text: string;
  try {
    text = readWithoutWaiting(gatePath(directory, hookName));
  } catch {
    return undefined;
  }
  const match = /^(off|breaker) (\d{1,15})\n?$/.exec(text);
  if (match === null) return undefined;
  const kind = match[1] === 'off' ? 'off' : 'breaker';
  const untilMs = Number(match[2]);
  const isClosed = untilMs > nowMs || (kind === 'off' && untilMs === 0);
  return isClosed ? { kind, untilMs } : undefined;
}

/** A FIFO of that name is empty, not waited for. @throws what the file system says */
function readWithoutWaiting(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
