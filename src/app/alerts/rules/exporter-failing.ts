import { formatThings } from '../../../format.ts';
import type { StateRule } from '../rule.ts';

/** An exporter, or a server that shares dedupe keys, does not work. */
export const exporterFailing: StateRule = {
  name: 'exporter_failing',
  of: 'state',
  isAboutHooks: false,
  assess: ({ failing, nowMs }, { exporter_seconds: threshold }) =>
    failing.map(({ name, sinceMs, reason }) => {
      const value = Math.max(Math.floor((nowMs - sinceMs) / 1000), 0);
      const isBad = value >= threshold;
      return { subject: name, value, threshold, runs: null, reason, isBad, isHealthy: false };
    }),
  text: ({ subject, value, reason }) =>
    `${subject} has been failing for ${formatThings(value, 'second')}${reason === null ? '' : `: ${reason}`}`,
};
