import { isFailure, type Status } from '../domain/execution.ts';

/** When a breaker opens, and for how long. */
export interface BreakerPolicy {
  /** How many of the latest executions that ran to look at; with fewer, a breaker never opens. */
  readonly window: number;
  /** The breaker opens if at least this share of them failed; above 0 and up to 1. */
  readonly failureShare: number;
  readonly cooldownMs: number;
}

/** `half_open`: the cooldown is over, and the next execution decides whether the hook works again. */
export type BreakerState = 'closed' | 'open' | 'half_open';

/** A summary of the latest executions. */
export interface Assessment {
  readonly runs: number;
  readonly failures: number;
  readonly isTooMany: boolean;
}

/** @param statuses of executions that ran since the breaker last closed, at least the latest ones of the window */
export function assess(statuses: readonly Status[], policy: BreakerPolicy): Assessment {
  const latest = statuses.slice(0, policy.window);
  const failures = latest.filter(isFailure).length;
  const isTooMany =
    latest.length >= policy.window && failures >= policy.failureShare * policy.window;
  return { runs: latest.length, failures, isTooMany };
}

/** The state of a breaker that was opened until a time and not closed since. */
export function stateOfOpened(untilMs: number, nowMs: number): Exclude<BreakerState, 'closed'> {
  return nowMs < untilMs ? 'open' : 'half_open';
}
