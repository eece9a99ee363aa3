import { formatMoment, formatMs } from '../../../format.ts';
import type { ReplayRow } from '../../../store/replays.ts';
import type { Page } from '../page.ts';
import { breakAnywhere, visible } from '../text.ts';
import { exitOf } from './log-table.ts';

/** A recorded replay, for programs. */
export function replayRowJson({ log_id: _, changed, differences, ...row }: ReplayRow) {
  return {
    ...row,
    changed: changed !== 0,
    differences: differences === '' ? [] : differences.split(','),
  };
}

/** The replays of an execution, one line each. */
export function replayRowLines(replays: readonly ReplayRow[], page: Page): string[] {
  if (replays.length === 0) return [];
  const lines = replays.map((row) => {
    const change = row.changed !== 0 ? 'changed' : 'unchanged';
    return `${formatMoment(new Date(row.created_at), page.nowMs)}  ${row.status} (${exitOf(row)}), ${formatMs(row.duration_ms)}, ${change}: ${row.command}`;
  });
  return [
    '',
    page.paint('replays', 'strong'),
    ...lines
      .flatMap((line) => breakAnywhere(visible(line), page.columns - 2))
      .map((line) => `  ${line}`),
  ];
}
