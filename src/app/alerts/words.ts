import { formatThings } from '../../format.ts';
import type { AlertsConfig } from './rule.ts';

/** The wording that commands, webhooks and desktop notifications share. */
export const windowText = ({ window_minutes }: AlertsConfig): string =>
  window_minutes === 60
    ? 'of the last hour'
    : `of the last ${formatThings(window_minutes, 'minute')}`;

/** How many of a hook's latest runs. */
export const lastRunsText = (count: number, runs: number): string =>
  runs === 1 ? 'in its last run' : `in ${count} of its last ${formatThings(runs, 'run')}`;
