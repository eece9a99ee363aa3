import type { Status } from './execution.ts';

/** What may leave the machine of an execution. No payload, no error text, no argument of the command, no directory. */
export interface ExportedExecution {
  /** 32 hex digits; the trace of OpenTelemetry. */
  readonly correlationId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly hookName: string;
  readonly eventType: string;
  readonly toolName: string | undefined;
  readonly sessionId: string | undefined;
  /** The base name of the program; undefined where it cannot be told from what else is on the command line. */
  readonly program: string | undefined;
  readonly status: Status;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly durationMs: number | undefined;
  readonly overheadMs: number | undefined;
  readonly stdinBytes: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly hasDedupeKey: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
}

/** What stands for all names beyond the bound. */
export const OTHER = 'other';

/** So many hooks, and so many events, are told apart by those who count: each is a series for ever. */
export const MAX_HOOKS = 100;
export const MAX_EVENTS = 50;

/** Longer names are cut there. */
const MAX_NAME_LENGTH = 100;

/** A name as it may be shown anywhere: not too long, and without what cannot be seen. */
export function plainName(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '_');
}

/**
 * Lets so many names through, the first that come, and gives `other` for the rest.
 * @param known names that have come before
 */
export function boundNames(most: number, known: Iterable<string> = []) {
  const names = new Set(known);
  return (name: string): string => {
    const short = plainName(name);
    if (names.has(short)) return short;
    if (names.size >= most) return OTHER;
    names.add(short);
    return short;
  };
}

/**
 * The program of a command line, without its directory. Only a plain first word is one: an assignment, a quoted word or a
 * piece of shell may hold what must not leave the machine.
 */
export function programOf(command: string): string | undefined {
  const [word = ''] = command.split(/\s/, 1);
  if (!/^[\w@%+.,/-]+$/.test(word)) return undefined;
  return word.slice(word.lastIndexOf('/') + 1) || undefined;
}

/** Whether a status counts as an error to those who watch: a block is the hook's decision, and a skip ours. */
export function isErrorStatus(status: Status): boolean {
  return status === 'error' || status === 'timeout';
}
