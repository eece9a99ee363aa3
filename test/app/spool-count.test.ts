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
  // A quick count is repeated at once.
  costMs = 25;
  expect([count(), nowMs]).toEqual([1, 25]);
  spoolWhole(paths);
  expect([count(), nowMs]).toEqual([2, 50]);
  costMs = 100;
  expect([count(), nowMs]).toEqual([2, 150]);
  spoolWhole(paths);
  nowMs += 1999;
  expect([count(), nowMs]).toEqual([2, 2149]);
  nowMs += 1;
  expect([count(), nowMs]).toEqual([3, 2250]);
});
