import { blocksByExitCode } from '../../../domain/events.ts';
import { goodInRow, type RunsRule } from '../rule.ts';
import { things, windowText } from '../words.ts';

/** A hook exits 1 where only 2 blocks: what it meant to stop went on, or it failed and guarded nothing. */
export const guardExit: RunsRule = {
  name: 'guard_exit_1',
  of: 'hook',
  judge(rows, { least_runs }) {
    const guarding = rows.filter(({ eventType }) => blocksByExitCode(eventType));
    const value = guarding.filter(({ exitCode }) => exitCode === 1).length;
    const good = goodInRow(guarding, ({ exitCode }) => exitCode !== 1);
    return {
      value,
      threshold: 0,
      runs: guarding.length,
      isBad: value > 0,
      isWell: value === 0 || good >= least_runs,
    };
  },
  text: ({ subject, value, runs }, config) =>
    `${subject}: exit code 1 in ${value} of ${things(runs ?? 0, 'run')} ${windowText(config)}; it blocks nothing, only 2 does`,
};
