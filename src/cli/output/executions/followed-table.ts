import { formatClock, formatDate, projectName } from '../../../format.ts';
import { EMPTY_ROW, type LogRow } from '../../../store/columns.ts';
import type { Page } from '../page.ts';
import { createTable, type Row } from '../table.ts';
import { columnsOf } from '../text.ts';
import { LOG_TABLE_COLUMNS, logRow } from './log-table.ts';

/** What most rows have, so that the table seldom has to be laid out again. */
const TYPICAL: LogRow = {
  ...EMPTY_ROW,
  id: 9999,
  hook_name: 'x'.repeat(15),
  event_type: 'PostToolUse',
  tool_name: 'x'.repeat(6),
  project: 'x'.repeat(8),
  status: 'success',
  decision: 'deny',
  exit_code: 1,
  signal: null,
  error: null,
  duration_ms: 100,
  overhead_ms: 1,
  created_at: '2026-11-22T10:00:00.000Z',
};

/**
 * The table of executions, row by row as they come; a separate line marks the start of a new day. A printed line cannot
 * be changed, so a row that needs more room starts a new table, with a new header.
 */
export function createFollowedTable(page: Page) {
  let day = formatDate(new Date(page.nowMs));
  const rowOf = (row: LogRow): Row => logRow(row, formatClock, projectName);
  let widest = rowOf(TYPICAL);
  let table: ReturnType<typeof createTable> | undefined;
  return (rows: readonly LogRow[]): string[] => {
    // The first rows are known before the first header.
    if (table === undefined) widest = rows.map(rowOf).reduce(widestOf, widest);
    return rows.flatMap((row) => {
      const shown = rowOf(row);
      widest = widestOf(widest, shown);
      const header = table?.header;
      table = createTable(LOG_TABLE_COLUMNS, [widest], page);
      const startDay = formatDate(new Date(row.created_at));
      const isNextDay = startDay !== day;
      day = startDay;
      return [
        ...(table.header === header ? [] : [table.header]),
        ...(isNextDay ? [page.paint(startDay, 'dim')] : []),
        ...table.linesOf(shown),
      ];
    });
  };
}

/** A row that has in each column the wider text of two rows. */
const widestOf = ({ cells }: Row, other: Row): Row => ({
  cells: cells.map((cell, index) => {
    const another = other.cells[index] ?? cell;
    return columnsOf(another.text) > columnsOf(cell.text) ? another : cell;
  }),
});
