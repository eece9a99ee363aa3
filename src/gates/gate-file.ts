import { dirname, join } from 'node:path';
import { CANNOT_BLOCK } from '../domain/events.ts';
import {
  commandLine,
  type HookId,
  type NamelessRun,
  namelessRuns,
  quoteWords,
} from '../domain/hook/hook-id.ts';
import { sha256Hex } from '../domain/key/sha256.ts';
import { DAY_MS } from '../domain/time.ts';
import { readOwnFile, requireDirectory } from '../os/own-file.ts';
import { isProtected } from './policy.ts';

/** Why a hook does not run: `off` by hand, or `breaker` because it keeps failing. */
export type GateKind = 'off' | 'breaker';

/** A breaker's gate counts only on the events named in its file, on which no hook can block. */
export interface Gate {
  readonly kind: GateKind;
  /** Unix time in ms. */
  readonly untilMs: number;
}

/** No gate counts for longer: HookBus did not make such a gate, or the clock was set back. */
const MAX_GATE_MS = 7 * DAY_MS;

const DIGEST_DIGITS = 32;

/** The name of a hook's gate file for runs with a name. It has no special characters, whatever the hook is called. */
export function gateFile({ hookName, command }: HookId): string {
  return digest(`${hookName}\0${command}`);
}

/**
 * The same for a run without a name. The launcher does not know the default name, so the digest distinguishes all commands
 * that may have different ones; no name starts with a NUL. C port: src/launcher/gate.c.
 */
function namelessGateFile({ argv, shellLine }: NamelessRun): string {
  return digest(`\0${shellLine === undefined ? '' : '\0'}${quoteWords(argv)}`);
}

/** All gate files of a hook, which may also run without a name if that gives the same one. They are written together. */
export const gateFiles = (hook: HookId): string[] => [
  gateFile(hook),
  ...namelessRuns(hook).map(namelessGateFile),
];

const digest = (text: string): string => sha256Hex(text).slice(0, DIGEST_DIGITS);

export function gatePath(directory: string, hook: HookId): string {
  return join(directory, gateFile(hook));
}

/** A run as its engine received it. */
export interface GatedRun extends NamelessRun {
  readonly name?: string;
}

/** The first line of a gate file. A breaker's line names the events on which it counts. */
export function gateLine({ kind, untilMs }: Gate): string {
  return [kind, untilMs, ...(kind === 'breaker' ? CANNOT_BLOCK : [])].join(' ');
}

/** Parses the first line of a gate file; undefined if it is invalid. */
function parseGate(text: string): (Gate & { readonly events: readonly string[] }) | undefined {
  const [line = ''] = text.split('\n', 1);
  const [, kind, until, events] = /^(off|breaker) (\d{1,15})((?: [^ ]+)*)$/.exec(line) ?? [];
  if (kind === undefined || (kind === 'off' && events !== '')) return undefined;
  return {
    kind: kind as GateKind,
    untilMs: Number(until),
    events: events?.split(' ').slice(1) ?? [],
  };
}

/** Whether a gate counts at this time. */
export function isInForce({ untilMs }: Gate, nowMs: number): boolean {
  return untilMs > nowMs && untilMs - nowMs <= MAX_GATE_MS;
}

/**
 * The gate that keeps a hook from running now. A missing, invalid or expired gate does not: when in doubt, the hook runs.
 * Costs one look at a file that usually does not exist. C port: src/launcher/gate.c.
 */
export function closedGate(
  directory: string,
  run: GatedRun,
  nowMs: number,
  eventType: string,
): Gate | undefined {
  const { name: hookName, argv } = run;
  const file = hookName
    ? gateFile({ hookName, command: commandLine(argv) })
    : namelessGateFile(run);
  const gate = readWhole(join(directory, file));
  if (gate === undefined || !isInForce(gate, nowMs)) return undefined;
  if (gate.kind === 'breaker' && !gate.events.includes(eventType)) return undefined;
  return isProtected(hookName) ? undefined : gate;
}

/** The gate in this file; undefined if there is none, it is invalid, or the file is not this user's own. */
export function readGate(path: string): Gate | undefined {
  const gate = readWhole(path);
  return gate && { kind: gate.kind, untilMs: gate.untilMs };
}

function readWhole(path: string): ReturnType<typeof parseGate> {
  try {
    const gate = parseGate(readOwnFile(path).toString());
    if (gate !== undefined) requireDirectory(dirname(path));
    return gate;
  } catch {
    return undefined;
  }
}
