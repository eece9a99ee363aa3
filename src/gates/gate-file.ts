import { dirname, join } from 'node:path';
import { canBlock } from '../domain/events.ts';
import type { HookId } from '../domain/hook-id.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { readOwnFile, requireDirectory } from '../files/own-file.ts';
import { isProtected } from './policy.ts';

/** Why a hook is not to run: `off` by hand, `breaker` because it keeps failing. */
export type GateKind = 'off' | 'breaker';

/** A breaker's gate counts only on events on which no hook can block. */
export interface Gate {
  readonly kind: GateKind;
  /** Unix time in ms. */
  readonly untilMs: number;
}

/** No gate counts for longer: one that says so was not made by HookBus, or the clock was set back. */
const MAX_GATE_MS = 7 * 86_400_000;

/** Longer names get a file named by their digest. */
const MOST_NAME_BYTES = 120;

const DIGEST_DIGITS = 32;

/** The hook's name in a file name: every byte but letters, digits, `-`, `_` and inner dots is `%XX`. */
export function encodedName(hookName: string): string {
  const name = Array.from(Buffer.from(hookName), (byte, index) => {
    const character = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9_-]/.test(character) || (character === '.' && index > 0);
    return isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
  return name.length <= MOST_NAME_BYTES ? name : sha256Hex(hookName);
}

/** The name of the file of a hook's gate. */
export function gateFile({ hookName, command }: HookId): string {
  return `${encodedName(hookName)}~${sha256Hex(command).slice(0, DIGEST_DIGITS)}`;
}

export function gatePath(directory: string, hook: HookId): string {
  return join(directory, gateFile(hook));
}

/** Reads the first line of a gate file; undefined where it makes no sense. */
function parseGate(text: string): Gate | undefined {
  const [, kind, until] = /^(off|breaker) (\d{1,15})(?:\n|$)/.exec(text) ?? [];
  return kind === undefined ? undefined : { kind: kind as GateKind, untilMs: Number(until) };
}

/** Whether a gate lets nothing through now. */
export function isInForce({ untilMs }: Gate, nowMs: number): boolean {
  return untilMs > nowMs && untilMs - nowMs <= MAX_GATE_MS;
}

/**
 * The gate that keeps a hook from running now. It is open where there is none, or where it makes no sense or has run
 * out: on doubt, the hook runs. Costs one look at a file that is normally not there. Twin: src/launcher/gate.c.
 */
export function closedGate(
  directory: string,
  hook: HookId,
  nowMs: number,
  eventType: string,
): Gate | undefined {
  const gate = readGate(gatePath(directory, hook));
  if (gate === undefined || !isInForce(gate, nowMs)) return undefined;
  if (gate.kind === 'breaker' && canBlock(eventType)) return undefined;
  return isProtected(hook.hookName) ? undefined : gate;
}

/** The gate of this file; undefined where there is none, or none that makes sense and is our own. */
export function readGate(path: string): Gate | undefined {
  try {
    const gate = parseGate(readOwnFile(path).toString());
    if (gate !== undefined) requireDirectory(dirname(path));
    return gate;
  } catch {
    return undefined;
  }
}
