import { formatThings } from '../../../format.ts';
import type { StateRule } from '../rule.ts';

/** The alert clears at this share of the threshold. */
const CLEARS_AT = 0.5;

/** Executions arrive faster than they are ingested. A backlog that shrinks raises no alert. */
export const spoolGrowing: StateRule = {
  name: 'spool_growing',
  of: 'state',
  isAboutHooks: false,
  assess({ spool: { waiting, before } }, { spool_records: threshold }) {
    const isBad = before > threshold && waiting >= before;
    const isHealthy = waiting <= threshold * CLEARS_AT;
    return [{ subject: '', value: waiting, threshold, runs: null, isBad, isHealthy }];
  },
  text: ({ value, threshold }) =>
    `the spool grows: ${formatThings(value, 'record')} wait to be ingested; the threshold is ${threshold}`,
};
