import { formatThings } from '../../format.ts';
import type { AlertsConfig } from './rule.ts';

/**
 * The wording that commands, webhooks and desktop notifications share.
 * @param isPast the numbers are those of the time when the alert opened
 */
export function windowText({ window_minutes }: AlertsConfig, isPast: boolean): string {
  const span = window_minutes === 60 ? 'hour' : formatThings(window_minutes, 'minute');
  return isPast ? `of the ${span} before the alert` : `of the last ${span}`;
}

/** How many of a hook's latest runs. */
export const lastRunsText = (count: number, runs: number): string =>
  runs === 1 ? 'in its last run' : `in ${count} of its last ${formatThings(runs, 'run')}`;
