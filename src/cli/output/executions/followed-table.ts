import { formatClock, formatDate } from '../../../format.ts';
import { EMPTY_ROW, type LogRow } from '../../../store/columns.ts';
import type { Page } from '../page.ts';
import { createTable } from '../table.ts';
import { LOG_TABLE_COLUMNS, logRow } from './log-table.ts';

/** Sets the widths for rows to come, since a printed line cannot be changed. Longer texts are clipped. */
const WIDEST: LogRow = {
  ...EMPTY_ROW,
  id: 999_999,
  hook_name: 'x'.repeat(18),
  event_type: 'PostToolUseFailure',
  tool_name: 'x'.repeat(9),
  status: 'breaker_skip',
  decision: 'deny',
  exit_code: null,
  signal: 'SIGTERM',
  error: null,
  duration_ms: 600_000,
  overhead_ms: null,
  created_at: '2026-11-22T10:00:00.000Z',
};

/** The table of executions, row by row as they come; a separate line marks the start of a new day. */
export function createFollowedTable(page: Page) {
  const columns = LOG_TABLE_COLUMNS.filter(({ title }) => title !== 'OVERHEAD');
  let day = formatDate(new Date(page.nowMs));
  let table: ReturnType<typeof createTable> | undefined;
  return (rows: readonly LogRow[]): string[] => {
    const lines: string[] = [];
    for (const row of rows) {
      if (table === undefined) {
        // Leave room for one more digit, so that ids are not clipped soon.
        const id = Math.max(row.id * 10, WIDEST.id);
        table = createTable(columns, [logRow({ ...WIDEST, id }, formatClock)], page);
        lines.push(table.header);
      }
      const startDay = formatDate(new Date(row.created_at));
      if (startDay !== day) lines.push(page.paint(startDay, 'dim'));
      day = startDay;
      lines.push(...table.linesOf(logRow(row, formatClock)));
    }
    return lines;
  };
}
