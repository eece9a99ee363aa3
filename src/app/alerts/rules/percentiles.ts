import { formatMs, formatThings, withoutZeros } from '../../../format.ts';
import { percentile } from '../../../metrics/percentile.ts';
import { MAX_WINDOW_ROWS, type WindowRow } from '../../../store/alerts.ts';
import { type AlertsConfig, goodInRow, type RunsRule } from '../rule.ts';
import { windowText } from '../words.ts';

/** The alert clears at this share of the threshold. */
const CLEARS_AT = 0.8;

interface Percentile {
  readonly name: RunsRule['name'];
  readonly of: RunsRule['of'];
  readonly percent: 50 | 95 | 99;
  readonly what: string;
  readonly time: (row: WindowRow) => number | null;
  readonly threshold: (config: AlertsConfig) => number;
}

function percentileRule(parts: Percentile): RunsRule {
  const { percent: rank, time } = parts;
  // The P99 of fewer than 100 values is just their maximum.
  const tail = Math.ceil(100 / (100 - rank));
  return {
    name: parts.name,
    of: parts.of,
    assess(rows, config) {
      const times = rows.map(time).filter((ms) => ms !== null);
      const threshold = parts.threshold(config);
      const value = percentile(times, rank) ?? 0;
      const low = threshold * CLEARS_AT;
      const enough = Math.min(Math.max(config.least_runs, 5 * tail), MAX_WINDOW_ROWS);
      return {
        value,
        threshold,
        runs: times.length,
        isBad: times.length >= Math.max(config.least_runs, tail) && value > threshold,
        isHealthy: value <= low || goodInRow(times, (ms) => ms <= low) >= enough,
      };
    },
    text: ({ subject, value, threshold, runs }, config, isPast) => {
      const who = subject === '' ? '' : `${subject}: `;
      return `${who}the P${rank} of ${parts.what} is ${withoutZeros(formatMs(value))} over ${formatThings(runs ?? 0, 'run')} ${windowText(config, isPast)}; the threshold is ${withoutZeros(formatMs(threshold ?? 0))}`;
    },
  };
}

/** A hook has become slow. */
export const hookP95 = percentileRule({
  name: 'hook_p95',
  of: 'hook',
  percent: 95,
  what: 'its duration',
  time: ({ durationMs }) => durationMs,
  threshold: ({ hook_p95_ms }) => hook_p95_ms,
});

const overhead = {
  of: 'all',
  what: 'overhead',
  time: ({ overheadMs }: WindowRow) => overheadMs,
} as const;

/** HookBus itself has become slow. */
export const overheadP50 = percentileRule({
  ...overhead,
  name: 'overhead_p50',
  percent: 50,
  threshold: ({ overhead_p50_ms }) => overhead_p50_ms,
});

export const overheadP95 = percentileRule({
  ...overhead,
  name: 'overhead_p95',
  percent: 95,
  threshold: ({ overhead_p95_ms }) => overhead_p95_ms,
});

export const overheadP99 = percentileRule({
  ...overhead,
  name: 'overhead_p99',
  percent: 99,
  threshold: ({ overhead_p99_ms }) => overhead_p99_ms,
});
