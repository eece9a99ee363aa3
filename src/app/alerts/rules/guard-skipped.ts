import { SEEN_WITHIN_MS } from '../../../domain/skipped-guard.ts';
import { formatThings } from '../../../format.ts';
import type { SkippedGuard } from '../../../store/skipped-guards.ts';
import type { StateRule } from '../rule.ts';

/** A hook that could have refused was skipped, and nothing else refused the call. */
export const guardSkipped: StateRule = {
  name: 'guard_skipped',
  of: 'state',
  isAboutHooks: true,
  assess({ skippedGuards, nowMs }, _config, openedMs) {
    if (skippedGuards === undefined) return undefined;
    return hooksOf(skippedGuards).map(({ subject, count, latest }) => ({
      subject,
      value: count,
      threshold: null,
      runs: null,
      reason: `${latest.reason} on ${latest.eventType || 'an unknown event'}, last at ${latest.lastAt}`,
      isBad: true,
      isHealthy: nowMs - Math.max(Date.parse(latest.lastAt), openedMs(subject)) >= SEEN_WITHIN_MS,
      isCounted: true,
    }));
  },
  text: ({ subject, value, reason }) =>
    `${subject}: skipped ${formatThings(value, 'time')}, and nothing else refused the call: ${reason}`,
};

function hooksOf(skipped: readonly SkippedGuard[]) {
  const hooks = new Map<string, { subject: string; count: number; latest: SkippedGuard }>();
  for (const one of skipped) {
    const { hookName: subject, count } = one;
    // Each hook's latest entry comes first.
    const { count: before, latest } = hooks.get(subject) ?? { count: 0, latest: one };
    hooks.set(subject, { subject, count: before + count, latest });
  }
  return [...hooks.values()];
}
