import type { Rule } from '../rule.ts';
import { breakerOpen } from './breaker-open.ts';
import { exporterFailing } from './exporter-failing.ts';
import { failureRate } from './failure-rate.ts';
import { guardExit, guardTimeout } from './guard-exit.ts';
import { guardSkipped } from './guard-skipped.ts';
import { hookP95, overheadP50, overheadP95, overheadP99 } from './percentiles.ts';
import { spoolGrowing } from './spool-growing.ts';

/** Every rule, in the order in which they are assessed. */
export const RULES: readonly Rule[] = [
  guardSkipped,
  guardExit,
  guardTimeout,
  failureRate,
  hookP95,
  overheadP50,
  overheadP95,
  overheadP99,
  breakerOpen,
  spoolGrowing,
  exporterFailing,
];
