import { closeSync, lstatSync, openSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canBlock } from '../domain/events.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { readOwnFile, requireDirectory } from '../files/own-file.ts';

/** Why a hook is not to run: `off` by hand, `breaker` because it keeps failing. */
export type GateKind = 'off' | 'breaker';

export interface Gate {
  readonly kind: GateKind;
  /** Unix time in ms; 0: until it is taken away, which only `off` can be. */
  readonly untilMs: number;
  /** Of a breaker: on events on which a hook can block, it is run all the same. */
  readonly sparesBlocking?: boolean;
}

/** Longer names get a file named by their digest. */
const MOST_NAME_BYTES = 120;

/** The hook's name as a file name: every byte but letters, digits, `-`, `_` and inner dots is `%XX`. */
export function gateName(hookName: string): string {
  const name = Array.from(Buffer.from(hookName), (byte, index) => {
    const character = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9_-]/.test(character) || (character === '.' && index > 0);
    return isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
  return name.length <= MOST_NAME_BYTES ? name : sha256Hex(hookName);
}

/** The file of a hook's gate. */
export function gatePath(directory: string, hookName: string): string {
  return join(directory, gateName(hookName));
}

/** Reads a gate file's text; undefined where it makes no sense. */
function parseGate(text: string): Gate | undefined {
  const match = /^(?:(off)|breaker) (\d{1,15})( nonblocking)?\n?$/.exec(text);
  if (match === null) return undefined;
  const [, off, until, nonblocking] = match;
  if (nonblocking === undefined) {
    return { kind: off === undefined ? 'breaker' : 'off', untilMs: Number(until) };
  }
  if (off !== undefined) return undefined;
  return { kind: 'breaker', untilMs: Number(until), sparesBlocking: true };
}

/** Whether a gate lets nothing through now. */
export function isInForce({ kind, untilMs }: Gate, nowMs: number): boolean {
  return untilMs > nowMs || (kind === 'off' && untilMs === 0);
}

/** What a look at the gate of a hook comes to. */
export interface Passage {
  /** What keeps the hook from running now. */
  readonly closed?: Gate;
  /** The claim by which this execution has the probe of a breaker; `giveBackProbe` where its hook is not run. */
  readonly probe?: string;
}

/**
 * Looks at a hook's gate. It is open where there is none, or where it makes no sense or has run out: on doubt, the hook
 * runs. Costs one look at a file that is normally not there.
 *
 * A breaker that has run out lets one execution through, the probe, and this takes it. Twin: src/launcher/gate.c.
 * @param eventType on which the hook is called; where it is left out, every gate counts
 */
export function passGate(
  directory: string,
  hookName: string,
  nowMs: number,
  eventType?: string,
): Passage {
  const path = gatePath(directory, hookName);
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const gate = readGate(path);
    if (gate === undefined || isSpared(gate, eventType)) return {};
    if (isInForce(gate, nowMs)) return { closed: gate };
    if (gate.kind === 'off') return {};
    const passage = takeProbe(path, gate, nowMs);
    if (passage !== 'gate_changed') return passage;
  }
  return {};
}

/** The gate that keeps a hook from running now, as `passGate` has it; whom it gives undefined is to run the hook. */
export function closedGate(
  directory: string,
  hookName: string,
  nowMs: number,
  eventType?: string,
): Gate | undefined {
  return passGate(directory, hookName, nowMs, eventType).closed;
}

function isSpared(gate: Gate, eventType: string | undefined): boolean {
  return gate.sparesBlocking === true && eventType !== undefined && canBlock(eventType);
}

/** Lets another execution have the probe: this one took it, if any, and does not run its hook. Never throws. */
export function giveBackProbe({ probe }: Passage, nowMs: number): void {
  // One whose lease is over keeps nobody waiting, and to make it anew would be a probe beside the next.
  if (probe === undefined || !isFresh(probe, nowMs)) return;
  try {
    rmSync(probe, { force: true });
  } catch {
    // Another may go when the lease is over.
  }
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

/** How long a probe is waited for, in ms, before another may go: the first may have been killed. */
export const PROBE_LEASE_MS = 60_000;

/** So many probes of which nothing was ever heard are enough. On doubt, the hook runs. */
const MOST_PROBES = 32;

/** The gate may be replaced under our eyes, but hardly again and again. */
const MOST_LOOKS = 3;

/**
 * Who makes the claim `NAME~UNTIL.0` runs the probe of a breaker that ran out at UNTIL, and who comes within its lease
 * does not. After that whoever makes `NAME~UNTIL.1` runs the next, and so on. Nobody takes a claim away but the bus,
 * once it has put another gate in place or none, and its owner, who gives it back: each is one execution's at a time.
 */
function takeProbe(path: string, gate: Gate, nowMs: number): Passage | 'gate_changed' {
  for (let number = 0; number < MOST_PROBES; number += 1) {
    const claim = `${path}~${gate.untilMs}.${number}`;
    try {
      closeSync(openSync(claim, 'wx', 0o600));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) return {};
      if (isFresh(claim, nowMs)) return { closed: gate };
      continue;
    }
    const now = readGate(path);
    if (now !== undefined && isSame(now, gate)) return { probe: claim };
    // What the bus cleared away before we made ours is not to be left behind.
    rmSync(claim, { force: true });
    return 'gate_changed';
  }
  return {};
}

function isSame(one: Gate, other: Gate): boolean {
  return (
    one.kind === other.kind &&
    one.untilMs === other.untilMs &&
    one.sparesBlocking === other.sparesBlocking
  );
}

function isFresh(claim: string, nowMs: number): boolean {
  try {
    return Math.abs(nowMs - lstatSync(claim).mtimeMs) < PROBE_LEASE_MS;
  } catch {
    // The bus has just cleared it away: the probe is over, and what came of it is for the next run to see.
    return true;
  }
}
