import { isFailure } from '../../../domain/execution.ts';
import { formatThings } from '../../../format.ts';
import type { WindowRow } from '../../../store/alerts.ts';
import { type AlertsConfig, goodInRow, type RunsRule } from '../rule.ts';
import { lastLine } from './bug.ts';
import { cannotStart } from './cannot-start.ts';
import { failureRate } from './failure-rate.ts';
import { guardExit } from './guard-exit.ts';

/** A hook that does nothing but fail, however rarely it runs. */
export const failsEveryTime: RunsRule = {
  name: 'fails_every_time',
  of: 'hook',
  hasMemory: true,
  quotesHook: true,
  assess(rows, config, since) {
    const value = goodInRow(rows, ({ status }) => isFailure(status));
    const recent = rows.filter(({ createdAt }) => createdAt >= since);
    const failures = recent.filter(({ status }) => isFailure(status)).length;
    return {
      value,
      threshold: config.failures_in_a_row,
      runs: rows.length,
      reason: lastLine(rows[0]?.error),
      isBad:
        value >= config.failures_in_a_row &&
        // A few failures after many successes are a matter of the failure rate.
        failures > recent.length / 2 &&
        !isReported(rows.slice(0, config.failures_in_a_row), recent, config, since),
      isHealthy: value === 0,
    };
  },
  text: ({ subject, value, reason }, _config, isPast) => {
    const runs = formatThings(value, 'run');
    const what = isPast
      ? `failed every time: its last ${runs} before the alert`
      : `fails every time: its last ${runs} failed`;
    return `${subject} ${what}${reason === null ? '' : `: ${reason}`}`;
  },
};

/**
 * Whether another rule opens an alert about the same: two would tell no more.
 * @param latest as many as this rule needs; a fault from before them says nothing of them
 */
function isReported(
  latest: readonly WindowRow[],
  recent: readonly WindowRow[],
  config: AlertsConfig,
  since: string,
): boolean {
  const isBad = (rule: RunsRule, rows: readonly WindowRow[]): boolean =>
    !config.rules_off.includes(rule.name) && rule.assess(rows, config, since).isBad;
  return isBad(failureRate, recent) || isBad(guardExit, latest) || isBad(cannotStart, latest);
}
