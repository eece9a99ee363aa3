import { EMPTY_ROW, type LogRow } from '../../../store/columns.ts';
import { formatClock, formatDate } from '../format.ts';
import type { Page } from '../page.ts';
import { createTable } from '../table.ts';
import { LOG_TABLE_COLUMNS, logRow } from './log-table.ts';

/** Room for what is to come, since a line that was printed cannot be moved. The rest is clipped. */
const WIDEST: LogRow = {
  ...EMPTY_ROW,
  id: 999_999,
  hook_name: 'x'.repeat(18),
  event_type: 'PostToolUseFailure',
  tool_name: 'x'.repeat(9),
  status: 'breaker_skip',
  exit_code: null,
  signal: 'SIGTERM',
  error: null,
  duration_ms: 600_000,
  overhead_ms: null,
  created_at: '2026-11-22T10:00:00.000Z',
};

/** The table of executions, row by row as they come; a line of its own says when another day begins. */
export function createFollowedTable(page: Page) {
  const columns = LOG_TABLE_COLUMNS.filter(({ title }) => title !== 'OVERHEAD');
  let day = formatDate(new Date(page.nowMs));
  let table: ReturnType<typeof createTable> | undefined;
  return (rows: readonly LogRow[]): string[] => {
    const lines: string[] = [];
    for (const row of rows) {
      if (table === undefined) {
        // Numbers are never clipped as long as they do not gain more than a digit.
        const id = Math.max(row.id * 10, WIDEST.id);
        table = createTable(columns, [logRow({ ...WIDEST, id }, formatClock)], page);
        lines.push(table.header);
      }
      const began = formatDate(new Date(row.created_at));
      if (began !== day) lines.push(page.paint(began, 'dim'));
      day = began;
      lines.push(...table.linesOf(logRow(row, formatClock)));
    }
    return lines;
  };
}
