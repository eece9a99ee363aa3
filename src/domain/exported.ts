import type { Agent, Decision } from './answer/decision.ts';
import type { Status } from './execution.ts';

/**
 * The parts of an execution that may leave the machine: no payload, error text, reason of a decision, command argument or
 * directory.
 */
export interface ExportedExecution {
  /** 32 hex digits; OpenTelemetry's trace id. */
  readonly correlationId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly hookName: string;
  readonly eventType: string;
  readonly toolName: string | undefined;
  readonly sessionId: string | undefined;
  /** The base name of the program; undefined if the command line does not show it safely. */
  readonly program: string | undefined;
  readonly status: Status;
  /** Undefined if it is not known. */
  readonly decision: Decision | undefined;
  readonly agent: Agent | undefined;
  readonly subagent: string | undefined;
  /** The base name of the project's directory. */
  readonly project: string | undefined;
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

/** Stands for all names above the limit. */
export const OTHER = 'other';

/** How many hooks and events get a name of their own in exported metrics. Each name is a series that never goes away. */
export const MAX_HOOKS = 100;
export const MAX_EVENTS = 50;

/** Longer names are truncated. */
const MAX_NAME_LENGTH = 100;

/** Makes a name safe to show anywhere: truncates it and replaces characters that cannot be seen. */
export function plainName(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '_');
}

/**
 * Passes the first `max` names through and returns `other` for the rest.
 * @param known names seen before
 */
export function boundNames(max: number, known: Iterable<string> = []) {
  const names = new Set(known);
  return (name: string): string => {
    const short = plainName(name);
    if (names.has(short)) return short;
    if (names.size >= max) return OTHER;
    names.add(short);
    return short;
  };
}

/** The last name of a directory. */
export function baseName(directory: string): string | undefined {
  return directory.slice(directory.lastIndexOf('/') + 1) || undefined;
}

/**
 * The program of a command line, without its directory. Undefined unless the first word is plain: an assignment, a quoted
 * word or a piece of shell may hold something that must not leave the machine.
 */
export function programOf(command: string): string | undefined {
  const [word = ''] = command.split(/\s/, 1);
  if (!/^[\w@%+.,/-]+$/.test(word)) return undefined;
  return baseName(word);
}
