import { FrameError } from './frame.ts';

export function required(value: string | undefined, what: string): string {
  if (!value) throw new FrameError(`a begin frame has no ${what}`);
  return value;
}

/** The latest time that a JavaScript date can hold: a damaged record must not make `toISOString` throw. */
const MAX_DATE_MS = 8.64e15;

export function timestamp(value: number | undefined): number {
  if (value === undefined || value > MAX_DATE_MS)
    throw new FrameError('a begin frame has no valid time');
  return value;
}

/** Undefined if there are none. */
export const listed = (texts: readonly string[]): readonly string[] | undefined =>
  texts.length === 0 ? undefined : texts;

export const microseconds = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : ms * 1000;
export const milliseconds = (us: number | undefined): number | undefined =>
  us === undefined ? undefined : us / 1000;
