import { isFailure } from '../../../domain/execution.ts';
import { formatThings } from '../../../format.ts';
import { goodInRow, type RunsRule } from '../rule.ts';
import { lastLine } from './bug.ts';

/** A hook that does nothing but fail, however rarely it runs. */
export const failsEveryTime: RunsRule = {
  name: 'fails_every_time',
  of: 'hook',
  hasMemory: true,
  assess(rows, { failures_in_a_row: threshold }, since) {
    const value = goodInRow(rows, ({ status }) => isFailure(status));
    const [latest] = rows;
    return {
      value,
      threshold,
      runs: rows.length,
      reason: lastLine(latest?.error),
      isBad: value >= threshold && (latest?.createdAt ?? '') >= since,
      isHealthy: value === 0,
    };
  },
  text: ({ subject, value, reason }) =>
    `${subject} fails every time: its last ${formatThings(value, 'run')} failed${reason === null ? '' : `: ${reason}`}`,
};
