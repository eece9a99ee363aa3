import type { StateRule } from '../rule.ts';
import { things } from '../words.ts';

/** What is to leave this machine does not, or what machines share is not shared. */
export const exporterFailing: StateRule = {
  name: 'exporter_failing',
  of: 'state',
  look: ({ failing, nowMs }, { exporter_seconds: threshold }) =>
    failing.map(({ name, sinceMs, reason }) => {
      const value = Math.max(Math.floor((nowMs - sinceMs) / 1000), 0);
      const isBad = value >= threshold;
      return { subject: name, value, threshold, runs: null, reason, isBad, isWell: false };
    }),
  text: ({ subject, value, reason }) =>
    `${subject} has been failing for ${things(value, 'second')}${reason === null ? '' : `: ${reason}`}`,
};
