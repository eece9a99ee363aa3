import { isFailure } from '../../../domain/execution.ts';
import { formatPercent, formatThings, withoutZeros } from '../../../format.ts';
import { MAX_WINDOW_ROWS } from '../../../store/alerts.ts';
import { goodInRow, type RunsRule } from '../rule.ts';
import { windowText } from '../words.ts';

/** Fewer failures prove nothing, however few the runs. */
const MIN_FAILURES = 3;

/** The alert clears at this share of the threshold. */
const CLEARS_AT = 0.5;

/** A hook fails too often. */
export const failureRate: RunsRule = {
  name: 'failure_rate',
  of: 'hook',
  assess(rows, { failure_rate: threshold, least_runs }) {
    const failures = rows.filter(({ status }) => isFailure(status)).length;
    const value = rows.length === 0 ? 0 : failures / rows.length;
    // A series of good runs this long proves on its own that the rate is low enough.
    const enough = Math.max(least_runs, Math.ceil(1 / (threshold * CLEARS_AT)));
    const good = goodInRow(rows, ({ status }) => !isFailure(status));
    return {
      value,
      threshold,
      runs: rows.length,
      isBad: rows.length >= least_runs && failures >= MIN_FAILURES && value > threshold,
      isHealthy: value <= threshold * CLEARS_AT || good >= Math.min(enough, MAX_WINDOW_ROWS),
    };
  },
  text: ({ subject, value, threshold, runs }, config, isPast) => {
    const failures = Math.round(value * (runs ?? 0));
    return `${subject}: ${failures} of ${formatThings(runs ?? 0, 'run')} (${withoutZeros(formatPercent(value))}) ${windowText(config, isPast)} failed; the threshold is ${withoutZeros(formatPercent(threshold ?? 0))}`;
  },
};
