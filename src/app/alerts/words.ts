import type { AlertsConfig } from './rule.ts';

/** The wording that commands, webhooks and desktop notifications share. */

export const things = (count: number, one: string): string =>
  `${count} ${one}${count === 1 ? '' : 's'}`;

export const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`;

/** Rounded to three significant digits. */
export const milliseconds = (ms: number): string =>
  ms >= 1000 ? `${Number((ms / 1000).toPrecision(3))} s` : `${Number(ms.toPrecision(3))} ms`;

export const windowText = ({ window_minutes }: AlertsConfig): string =>
  window_minutes === 60 ? 'of the last hour' : `of the last ${things(window_minutes, 'minute')}`;
