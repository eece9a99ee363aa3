import type { WindowRow } from '../../../store/alerts.ts';
import type { RunsRule } from '../rule.ts';
import { lastRunsText } from '../words.ts';
import { assessBug } from './bug.ts';

const isNotStarted = ({ status, exitCode }: WindowRow): boolean =>
  status === 'error' && (exitCode === 126 || exitCode === 127);

/** The command of a hook cannot be started: the agent goes on as if there were none. */
export const cannotStart: RunsRule = {
  name: 'cannot_start',
  of: 'hook',
  hasMemory: true,
  assess: (rows, _config, since) => assessBug(rows, isNotStarted, since),
  text: ({ subject, value, runs, reason }) =>
    `${subject}: its command could not start ${lastRunsText(value, runs ?? 0)}${reason === null ? '' : `: ${reason}`}`,
};
