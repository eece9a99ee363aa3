/**
 * An execution as an engine sees it: what is known before the hook runs, and what came of it.
 * The spool stores these two halves; the bus makes a row of them.
 */

export type StreamName = 'stdin' | 'stdout' | 'stderr';

/** Told by the scanner, so known without storing anything. `broken` begins with `{` and is not one object. */
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
  readonly dedupeKey?: string;
  readonly cwd?: string;
  /** The command and its arguments; for a shell line: `/bin/sh`, `-c`, the line. */
  readonly argv: readonly string[];
  readonly createdAtMs: number;
  /** The engine's own process, to tell an execution that was cut off from one that runs. */
  readonly pid: number;
  /** Kernel start time of `pid` in clock ticks since boot; 0 where the system does not tell. */
  readonly pidStart: number;
  readonly engine: Engine;
  readonly engineVersion: string;
  /** `HOOKBUS_MAX_BYTES` or `--max-bytes` as it was in force. */
  readonly maxBytes: number;
  readonly storeRaw: boolean;
  readonly compress: boolean;
  readonly redact: boolean;
  /** What could not be used in the command line or the settings, one sentence each. */
  readonly warnings: readonly string[];
  /** The same as the launcher notes it: a name and its raw value; config/warnings.ts has the words. */
  readonly rawWarnings?: readonly string[];
}

/** The kept part of a stream, at most the cap. */
export interface Capture {
  readonly stream: StreamName;
  readonly bytes: Uint8Array;
  readonly truncated: boolean;
}

/**
 * How an execution ended.
 * `exited`, `signaled`: the hook's own end. `timeout`: our `--timeout` ran out.
 * `not_started`: the system refused to start it. `cut_off`: the engine was gone before the hook's end was known.
 * `breaker_skip`, `dedupe_skip`: it was not run, because a gate was closed or because it is a duplicate.
 */
export type EndKind =
  | 'exited'
  | 'signaled'
  | 'timeout'
  | 'not_started'
  | 'cut_off'
  | 'breaker_skip'
  | 'dedupe_skip';

/** What came of it. */
export interface End {
  readonly kind: EndKind;
  readonly exitCode?: number;
  /** The signal's name, such as `SIGTERM`. */
  readonly signal?: string;
  /** Why, where no stderr of the hook can say it. */
  readonly reason?: string;
  /** The hook's own wall time. */
  readonly durationMs?: number;
  /** What HookBus added. */
  readonly overheadMs?: number;
  /** Sizes in full, also past the cap. */
  readonly stdinBytes: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly stdoutKind: StdoutKind;
  /** SHA-256 of the first 64 KiB of stdout, 16 hex digits; absent when empty. */
  readonly stdoutDigest?: string;
  /** The beginning of stdout where that begins with `{`, at most 16 KiB, not redacted; nothing is made of it yet. */
  readonly stdoutHead?: Uint8Array;
  /** The end of stderr, at most 16 KiB, not yet redacted. */
  readonly stderrTail: Uint8Array;
  /** Of the execution, where it was deduplicated. */
  readonly dedupeKey?: string;
  readonly captures: readonly Capture[];
}
