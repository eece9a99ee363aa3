import type { RunOptions } from '../config/run-options.ts';
import { isOnDuplicate } from '../domain/key/dedupe-key.ts';
import { payloadBytes } from './output.ts';
import type { GuardOptions } from './types.ts';

/** The caller's arguments. JavaScript callers may pass anything, so nothing is trusted. */
export interface Asked {
  readonly name: unknown;
  readonly event: unknown;
  readonly options: unknown;
}

/** The valid part of the arguments. */
export interface Call {
  readonly run: RunOptions;
  readonly payload: Uint8Array;
  readonly known: { readonly sessionId?: string; readonly toolUseId?: string };
  readonly dedupeKey?: string;
  readonly waitMs: number;
}

/** A hundred years, as in the settings. */
const MAX_TTL_SECONDS = 36_500 * 86_400;

/** Validates the arguments. Invalid ones become warnings that `status` shows. Never throws. */
export function readCall({ name, event, options }: Asked): Call {
  const warnings: string[] = [];
  const given = readOptions(options, warnings);
  const text = <K extends string>(what: K, value: unknown): { [P in K]?: string } => {
    if (typeof value === 'string' && value !== '') return { [what]: value } as { [P in K]: string };
    if (value !== undefined && value !== null && value !== '') {
      warnings.push(`${what}: expected a string, got ${wordFor(value)}`);
    }
    return {};
  };
  const { dedupeKey } = text('dedupeKey', given.dedupeKey);
  const payload = payloadBytes(given.payload);
  if (payload === undefined) warnings.push('payload: expected a value that JSON can express');
  return {
    payload: payload ?? new Uint8Array(),
    known: {
      ...text('sessionId', given.sessionId),
      ...text('toolUseId', given.toolUseId),
    },
    ...(dedupeKey === undefined ? {} : { dedupeKey }),
    waitMs: readWait(given.waitSeconds, warnings),
    run: {
      ...{ name: 'hook', ...text('name', name) },
      ...text('event', event),
      ...text('tool', given.tool),
      ...readTtl(given.dedupeTtlSeconds, warnings),
      ...readMode(given.onDuplicate, warnings),
      dedupe: dedupeKey !== undefined,
      failOpen: false,
      help: false,
      argv: [process.execPath, ...process.argv.slice(1)],
      warnings,
    },
  };
}

const OPTIONS = [
  'payload',
  'tool',
  'dedupeKey',
  'dedupeTtlSeconds',
  'onDuplicate',
  'waitSeconds',
  'sessionId',
  'toolUseId',
] as const satisfies readonly (keyof GuardOptions)[];

type Given = { readonly [Name in (typeof OPTIONS)[number]]?: unknown };

/** Reads each option once. An option whose getter throws counts as absent, with a warning. */
function readOptions(options: unknown, warnings: string[]): Given {
  const from = (options ?? {}) as Given;
  const read = OPTIONS.flatMap((name) => {
    try {
      return [[name, from[name]] as const];
    } catch {
      warnings.push(`${name}: reading it throws, so it is ignored`);
      return [];
    }
  });
  return Object.fromEntries(read);
}

function readTtl(value: unknown, warnings: string[]): Pick<RunOptions, 'dedupeTtlSeconds'> {
  if (value === undefined) return {};
  const seconds = Number.isInteger(value) ? Number(value) : 0;
  if (seconds >= 1 && seconds <= MAX_TTL_SECONDS) return { dedupeTtlSeconds: seconds };
  const expected = `a whole number of seconds from 1 to ${MAX_TTL_SECONDS}`;
  warnings.push(`dedupeTtlSeconds: expected ${expected}, got ${wordFor(value)}`);
  return {};
}

function readMode(value: unknown, warnings: string[]): Pick<RunOptions, 'onDuplicate'> {
  if (isOnDuplicate(value)) return { onDuplicate: value };
  if (value !== undefined) {
    warnings.push(`onDuplicate: expected deny, skip or replay, got ${wordFor(value)}`);
  }
  return {};
}

function readWait(value: unknown, warnings: string[]): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (typeof value === 'number' && value >= 0) return value * 1000;
  warnings.push(`waitSeconds: expected a number of seconds, got ${wordFor(value)}`);
  return Number.POSITIVE_INFINITY;
}

function wordFor(value: unknown): string {
  const isShown = ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
  return isShown ? JSON.stringify(String(value)) : `a value of type ${typeof value}`;
}
