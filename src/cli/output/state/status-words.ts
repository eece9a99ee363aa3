import type { Status } from '../../../domain/execution.ts';
import type { Grade } from '../../../metrics/targets.ts';
import type { Tone } from '../page.ts';

/** How a status looks: blocking is a hook's good right, and being skipped is nothing to look at. */
export const STATUS_TONES: Readonly<Record<Status, Tone>> = {
  success: 'good',
  blocked: 'warn',
  error: 'bad',
  timeout: 'bad',
  dedupe_skip: 'dim',
  breaker_skip: 'warn',
};

export const GRADE_TONES: Readonly<Record<Grade, Tone>> = {
  ok: 'good',
  'above target': 'warn',
  alert: 'bad',
};
