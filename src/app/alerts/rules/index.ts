import type { Rule } from '../rule.ts';
import { breakerOpen } from './breaker-open.ts';
import { cannotStart } from './cannot-start.ts';
import { exporterFailing } from './exporter-failing.ts';
import { failsEveryTime } from './fails-every-time.ts';
import { failureRate } from './failure-rate.ts';
import { guardExit, guardTimeout } from './guard-exit.ts';
import { drillPassed, guardChanged, wentSilent } from './guard-facts.ts';
import { guardSkipped } from './guard-skipped.ts';
import { hookP95, overheadP50, overheadP95, overheadP99 } from './percentiles.ts';
import { spoolGrowing } from './spool-growing.ts';

/** Every rule, in the order in which they are assessed. */
export const RULES: readonly Rule[] = [
  guardSkipped,
  drillPassed,
  wentSilent,
  guardChanged,
  cannotStart,
  guardExit,
  guardTimeout,
  failsEveryTime,
  failureRate,
  hookP95,
  overheadP50,
  overheadP95,
  overheadP99,
  breakerOpen,
  spoolGrowing,
  exporterFailing,
];
