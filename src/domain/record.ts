/**
 * An execution as an engine sees it: what is known before the hook runs, and the result.
 * The spool stores these two halves; src/app/recording makes one row of them.
 */

export type StreamName = 'stdin' | 'stdout' | 'stderr';

/** The scanner finds this even if no output is stored. `broken` begins with `{` but is not one object. */
export type StdoutKind = 'empty' | 'text' | 'json' | 'broken';

export type Engine = 'node' | 'launcher';

/** What is known before the hook runs. */
export interface Begin {
  readonly executionId: string;
  readonly correlationId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly hookName: string;
  readonly eventType: string;
  readonly toolName?: string;
  readonly sessionId?: string;
  readonly toolUseId?: string;
  /** The kind of subagent that caused it. */
  readonly subagent?: string;
  /** What tells the agent: members that the payload has, each as `NAME` or `NAME=VALUE`. */
  readonly signs?: readonly string[];
  /** Variables of the agent, each as `NAME=VALUE`; never one that may hold a secret. */
  readonly variables?: readonly string[];
  readonly dedupeKey?: string;
  readonly cwd?: string;
  /** The command and its arguments; for a shell line: `/bin/sh`, `-c`, the line. */
  readonly argv: readonly string[];
  readonly createdAtMs: number;
  /** The engine's process. It shows whether an execution without an end was interrupted or still runs. */
  readonly pid: number;
  /** Kernel start time of `pid` in clock ticks since boot; 0 if the system does not report it. */
  readonly pidStart: number;
  readonly engine: Engine;
  readonly engineVersion: string;
  /** The value of `HOOKBUS_MAX_BYTES` or `--max-bytes` that was in force. */
  readonly maxBytes: number;
  readonly storeRaw: boolean;
  /** With `storeRaw`: the decisions and statuses whose payloads are stored; absent: all. */
  readonly storeOnly?: readonly string[];
  readonly compress: boolean;
  readonly redact: boolean;
  /** Options and settings that could not be used, one sentence each. */
  readonly warnings: readonly string[];
  /** The same as the launcher writes them: a name and its raw value. config/warnings.ts makes sentences of them. */
  readonly rawWarnings?: readonly string[];
}

/** The kept part of a stream, at most `maxBytes`. */
export interface Capture {
  readonly stream: StreamName;
  readonly bytes: Uint8Array;
  readonly truncated: boolean;
}

/**
 * How an execution ended.
 * `exited`, `signaled`: the hook ended. `timeout`: HookBus's `--timeout` expired.
 * `not_started`: the system refused to start it. `cut_off`: it was interrupted, so that its end is not known.
 * `breaker_skip`, `dedupe_skip`: HookBus skipped it, because of a gate or because it is a duplicate.
 */
export type EndKind =
  | 'exited'
  | 'signaled'
  | 'timeout'
  | 'not_started'
  | 'cut_off'
  | 'breaker_skip'
  | 'dedupe_skip';

/** The result of an execution. */
export interface End {
  readonly kind: EndKind;
  readonly exitCode?: number;
  /** The signal's name, such as `SIGTERM`. */
  readonly signal?: string;
  /** Why it ended like this, if the hook's stderr cannot say it. */
  readonly reason?: string;
  /** The hook's wall time. */
  readonly durationMs?: number;
  /** What HookBus added. */
  readonly overheadMs?: number;
  /** Full sizes, even if the capture is truncated. */
  readonly stdinBytes: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly stdoutKind: StdoutKind;
  /** SHA-256 of the first 64 KiB of stdout, 16 hex digits; absent when empty. */
  readonly stdoutDigest?: string;
  /** The start of stdout if it may be an answer or go into the agent's context: at most 16 KiB, not redacted. */
  readonly stdoutHead?: Uint8Array;
  /** The end of stderr, at most 16 KiB, not yet redacted. */
  readonly stderrTail: Uint8Array;
  /** Set if the execution was deduplicated. */
  readonly dedupeKey?: string;
  readonly captures: readonly Capture[];
}

/** Adds to an object the values that are known. With `exactOptionalPropertyTypes`, an absent one must be omitted, not undefined. */
export function addKnown<T extends object>(
  target: T,
  values: { readonly [K in keyof T]?: T[K] | undefined },
): T {
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) target[key] = value;
  }
  return target;
}
