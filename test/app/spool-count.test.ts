import { expect, it } from 'vitest';
import { createSpoolCount } from '../../src/app/recording/spool-count.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { freshState, spoolWhole } from '../support/state.ts';

it('counts a large spool rarely, so that ingest gets most of the time', () => {
  const { paths } = freshState();
  const spool = createSpool(paths.spool, paths.quarantine);
  spoolWhole(paths);
  let nowMs = 0;
  let costMs = 0;
  const entries = function* () {
    nowMs += costMs;
    yield* spool.entries();
  };
  const count = createSpoolCount({ ...spool, entries }, () => nowMs);
  // A count that takes no time is repeated at once.
  expect(count()).toBe(1);
  spoolWhole(paths);
  expect(count()).toBe(2);
  costMs = 100;
  expect([count(), nowMs]).toEqual([2, 100]);
  spoolWhole(paths);
  nowMs += 1999;
  expect([count(), nowMs]).toEqual([2, 2099]);
  nowMs += 1;
  expect([count(), nowMs]).toEqual([3, 2200]);
});
