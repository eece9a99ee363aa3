import { blocksByExitCode, canBlockFor } from '../../../domain/events.ts';
import { formatThings } from '../../../format.ts';
import type { WindowRow } from '../../../store/alerts.ts';
import { type AlertsConfig, type Assessment, goodInRow, type RunsRule } from '../rule.ts';
import { lastRunsText, windowText } from '../words.ts';
import { assessBug } from './bug.ts';

/** A hook exits 1 where only 2 blocks: what it meant to stop went on, or it crashed and guarded nothing. */
export const guardExit: RunsRule = {
  name: 'guard_exit_1',
  of: 'hook',
  hasMemory: true,
  quotesHook: true,
  assess(rows, _config, since) {
    // For a permission request only JSON decides, so exit code 1 decides nothing; for Cline no exit code does.
    const guarding = rows.filter(
      ({ agent, eventType }) =>
        agent !== 'cline' && (blocksByExitCode(eventType) || eventType === 'PermissionRequest'),
    );
    return assessBug(
      guarding,
      ({ status, exitCode }) => status === 'error' && exitCode === 1,
      since,
    );
  },
  text: ({ subject, value, runs, reason }) =>
    `${subject}: exit code 1 ${lastRunsText(value, runs ?? 0)}; only exit code 2 or JSON can block${reason === null ? '' : `: ${reason}`}`,
};

/** A hook that could have refused ran out of time; most agents then go on. */
export const guardTimeout: RunsRule = {
  name: 'guard_timeout',
  of: 'hook',
  assess(rows, config) {
    const guarding = rows.filter(({ agent, eventType }) => canBlockFor(agent, eventType));
    return assess(guarding, ({ status }) => status === 'timeout', config);
  },
  text: ({ subject, value, runs }, config, isPast) =>
    `${subject}: --timeout ended ${value} of ${formatThings(runs ?? 0, 'run')} ${windowText(config, isPast)}; a guard that is ended refuses nothing`,
};

function assess(
  rows: readonly WindowRow[],
  isFailed: (row: WindowRow) => boolean,
  { least_runs }: AlertsConfig,
): Assessment {
  const value = rows.filter(isFailed).length;
  const good = goodInRow(rows, (row) => !isFailed(row));
  return {
    value,
    threshold: 0,
    runs: rows.length,
    isBad: value > 0,
    isHealthy: value === 0 || good >= least_runs,
  };
}
