import type { Log } from '../log.ts';
import { createAttempt } from './attempt.ts';

export interface LoopParts {
  readonly log: Log;
  /** The event that is logged when a step fails. */
  readonly failure: string;
  /** The pause before the first step, in ms like all times here; 0 if omitted. */
  readonly firstMs?: number;
  /** The pause after a step that failed. */
  readonly retryMs: number;
  /** How long after a step `within` causes none. */
  readonly minMs?: number;
  /** The same, as a multiple of what the last step took. */
  readonly rest?: number;
  /** Works for a few ms. @returns the pause until the next step; 0 only lets others go first */
  readonly step: () => number;
}

/** Repeats a step in the background. */
export function createLoop({
  log,
  failure,
  firstMs = 0,
  retryMs,
  minMs = 0,
  rest = 0,
  step,
}: LoopParts) {
  const attempt = createAttempt(log, failure);
  let isOn = false;
  /** `within` causes no step before this. */
  let restedMs = Number.NEGATIVE_INFINITY;
  let dueMs = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;

  function cancel(): void {
    clearTimeout(timer);
    clearImmediate(immediate);
    immediate = undefined;
    dueMs = Number.POSITIVE_INFINITY;
  }

  function wait(ms: number): void {
    cancel();
    dueMs = performance.now() + ms;
    // A timer takes 1 ms or more.
    if (ms > 0) timer = setTimeout(run, ms);
    else immediate = setImmediate(run);
  }

  function waitAtMost(ms: number): void {
    if (isOn && performance.now() + ms < dueMs) wait(ms);
  }

  function once(): number | undefined {
    const startMs = performance.now();
    const pauseMs = attempt(step);
    restedMs = Math.max(startMs + minMs, performance.now() + rest * (performance.now() - startMs));
    return pauseMs;
  }

  function run(): void {
    cancel();
    waitAtMost(once() ?? retryMs);
  }

  return {
    start(): void {
      isOn = true;
      wait(firstMs);
    },
    stop(): void {
      isOn = false;
      cancel();
    },
    /** Does one step now, also when the loop is stopped. @returns the pause it wants; undefined if it failed */
    once,
    /** The next step comes at most this late. */
    within: (ms = 0): void => waitAtMost(Math.max(ms, restedMs - performance.now())),
    /** The next step comes this late, unless the last one wants no pause. */
    postpone(ms: number): void {
      if (isOn && immediate === undefined) wait(ms);
    },
  };
}
