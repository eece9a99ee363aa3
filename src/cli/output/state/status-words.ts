import type { Status } from '../../../domain/execution.ts';
import type { Grade } from '../../../metrics/targets.ts';
import type { Tone } from '../page.ts';

/** The tone of each status. Blocking is not an error. */
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
