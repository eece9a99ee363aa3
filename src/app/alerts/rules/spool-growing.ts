import type { StateRule } from '../rule.ts';
import { things } from '../words.ts';

/** It clears at this part of the threshold. */
const CLEARS_AT = 0.5;

/** More comes than the database takes. A heap that is being worked off is none of it. */
export const spoolGrowing: StateRule = {
  name: 'spool_growing',
  of: 'state',
  look({ spool: { waiting, before } }, { spool_records: threshold }) {
    const isBad = before > threshold && waiting >= before;
    const isWell = waiting <= threshold * CLEARS_AT;
    return [{ subject: '', value: waiting, threshold, runs: null, isBad, isWell }];
  },
  text: ({ value, threshold }) =>
    `the spool grows: ${things(value, 'record')} wait for the database; alert above ${threshold}`,
};
