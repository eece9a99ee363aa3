import { isFailure, type Status } from '../domain/execution.ts';

/** When a breaker opens, and for how long. */
export interface BreakerPolicy {
  /** So many of the latest executions that ran are looked at; with fewer, nothing is said. */
  readonly window: number;
  /** It opens when at least this share of them failed, above 0 and up to 1. */
  readonly failureShare: number;
  readonly cooldownMs: number;
}

/** `half_open`: it has cooled down, and the next execution says whether the hook is well again. */
export type BreakerState = 'closed' | 'open' | 'half_open';

/** The executions that say something of a hook: those that ran. A block is a decision, no failure. */
export const RAN: readonly Status[] = ['success', 'blocked', 'error', 'timeout'];

/** What the latest executions amount to. */
export interface Assessment {
  readonly runs: number;
  readonly failures: number;
  readonly isTooMany: boolean;
}

/** @param statuses of the executions that ran since the breaker was last closed, at least the latest of the window */
export function assess(statuses: readonly Status[], policy: BreakerPolicy): Assessment {
  const latest = statuses.slice(0, policy.window);
  const failures = latest.filter(isFailure).length;
  const isTooMany =
    latest.length >= policy.window && failures >= policy.failureShare * policy.window;
  return { runs: latest.length, failures, isTooMany };
}

/** How a breaker stands that was opened until then and not closed since. */
export function stateOfOpened(untilMs: number, nowMs: number): Exclude<BreakerState, 'closed'> {
  return nowMs < untilMs ? 'open' : 'half_open';
}
