import { isFailure } from '../../../domain/execution.ts';
import { errorLine } from '../../../domain/text/error-line.ts';
import { formatClock, formatDate, formatMsAligned, NOTHING } from '../../../format.ts';
import type { LogRow } from '../../../store/columns.ts';
import type { Page, Tone } from '../page.ts';
import { STATUS_TONES } from '../state/status-words.ts';
import { type Cell, type Column, type Row, renderTable } from '../table.ts';
import { visible } from '../text.ts';
import { DECISION_COLUMN, decides, decisionCell, withDecision } from './decision.ts';

export const LOG_TABLE_COLUMNS: readonly Column[] = [
  { title: 'ID', align: 'right' },
  { title: 'STARTED' },
  { title: 'HOOK', minWidth: 12, clip: 'middle' },
  { title: 'EVENT', minWidth: 10, clip: 'middle' },
  { title: 'TOOL', minWidth: 8, clip: 'middle', dropOrder: 2 },
  { title: 'STATUS' },
  DECISION_COLUMN,
  { title: 'EXIT', align: 'right', dropOrder: 3 },
  { title: 'TOOK', align: 'right', dropOrder: 4 },
  { title: 'OVERHEAD', align: 'right', dropOrder: 1 },
];

/** A table of executions, with the error of a failed one, or the reason of a decision, below its row. */
export function logLines(rows: readonly LogRow[], page: Page): string[] {
  const startOf = momentFormat(rows, page.nowMs);
  const { columns, isShown } = withDecision(LOG_TABLE_COLUMNS, rows);
  const shown = rows.map((row) => {
    const { cells, below } = logRow(row, startOf);
    return { cells: cells.filter(isShown), below };
  });
  return renderTable(columns, shown, page);
}

/** One execution as a row of these columns. */
export function logRow(row: LogRow, startOf: (at: Date) => string): Row {
  const tone = row.guard_skipped === 1 ? 'bad' : STATUS_TONES[row.status];
  const cells: Cell[] = [
    { text: String(row.id) },
    { text: startOf(new Date(row.created_at)) },
    { text: visible(row.hook_name) },
    { text: visible(row.event_type || NOTHING) },
    { text: visible(row.tool_name || NOTHING) },
    { text: visible(row.status), tone },
    decisionCell(row),
    { text: exitOf(row) },
    { text: formatMsAligned(row.duration_ms) },
    { text: formatMsAligned(row.overhead_ms) },
  ];
  return { cells, below: belowOf(row, tone) };
}

/** What to read below a row: the reason if the hook stopped something, else why it failed. */
function belowOf(row: LogRow, tone: Tone | undefined): Row['below'] {
  if (decides(row) && row.decision !== 'allow' && !isFailure(row.status)) {
    const reason = row.decision_reason?.split('\n').find((line) => line.trim() !== '');
    if (reason !== undefined) return { text: visible(reason.trim()), tone: decisionCell(row).tone };
  }
  const error = mainErrorLine(row);
  return error === undefined ? undefined : { text: visible(error), tone };
}

/** The exit code of a hook, or the signal that ended it. */
export function exitOf({ exit_code, signal }: Pick<LogRow, 'exit_code' | 'signal'>): string {
  return visible(signal ?? (exit_code === null ? NOTHING : String(exit_code)));
}

/** The time of day; with the day unless every row is of today, and with the year unless every row is of this year. */
function momentFormat(rows: readonly LogRow[], nowMs: number): (at: Date) => string {
  const today = formatDate(new Date(nowMs));
  const days = rows.map(({ created_at }) => formatDate(new Date(created_at)));
  if (days.every((day) => day === today)) return formatClock;
  const isThisYear = days.every((day) => day.slice(0, 4) === today.slice(0, 4));
  return (at) => `${formatDate(at).slice(isThisYear ? 5 : 0)} ${formatClock(at)}`;
}

/** The consequence of skipping a guard. */
export const DID_NOT_RUN = 'the hook did not run, so it refused nothing';

/** The most useful line of an error text, and the consequence of skipping a guard. */
function mainErrorLine(row: LogRow): string | undefined {
  const line = errorLine(row);
  return row.guard_skipped === 1 ? `${line ?? row.status}: ${DID_NOT_RUN}` : line;
}
