import type { ReplayRow } from '../../../store/replays.ts';
import { formatMoment, formatMs } from '../format.ts';
import type { Page } from '../page.ts';
import { breakAnywhere, visible } from '../text.ts';
import { exitOf } from './log-table.ts';

/** A replay that is on record, for programs. */
export function replayRowJson({ log_id: _, changed, differences, ...row }: ReplayRow) {
  return {
    ...row,
    changed: changed !== 0,
    differences: differences === '' ? [] : differences.split(','),
  };
}

/** The replays of an execution, a line each; nothing where there are none. */
export function replayRowLines(replays: readonly ReplayRow[], page: Page): string[] {
  if (replays.length === 0) return [];
  const lines = replays.map((row) => {
    const mind = row.changed !== 0 ? 'changed its mind' : 'did not change its mind';
    return `${formatMoment(new Date(row.created_at))}  ${row.status} (${exitOf(row)}), ${formatMs(row.duration_ms)}, ${mind}: ${row.command}`;
  });
  return [
    '',
    page.paint('replays', 'strong'),
    ...lines
      .flatMap((line) => breakAnywhere(visible(line), page.columns - 2))
      .map((line) => `  ${line}`),
  ];
}
