import type { LogRow } from '../../../store/columns.ts';
import { formatClock, formatDate, formatMsAligned, NOTHING } from '../format.ts';
import type { Page } from '../page.ts';
import { STATUS_TONES } from '../state/status-words.ts';
import { type Cell, type Column, type Row, renderTable } from '../table.ts';
import { visible } from '../text.ts';

export const LOG_TABLE_COLUMNS: readonly Column[] = [
  { title: 'ID', align: 'right' },
  { title: 'BEGAN' },
  { title: 'HOOK', least: 12, clip: 'middle' },
  { title: 'EVENT', least: 11, clip: 'middle' },
  { title: 'TOOL', least: 8, clip: 'middle', goes: 2 },
  { title: 'STATUS' },
  { title: 'EXIT', align: 'right' },
  { title: 'TOOK', align: 'right' },
  { title: 'OVERHEAD', align: 'right', goes: 1 },
];

/** A table of executions, with what a failed or blocked one said beneath it. */
export function logLines(rows: readonly LogRow[], page: Page): string[] {
  const began = momentFormat(rows, page.nowMs);
  return renderTable(
    LOG_TABLE_COLUMNS,
    rows.map((row) => logRow(row, began)),
    page,
  );
}

/** One execution as a row of these columns. */
export function logRow(row: LogRow, began: (at: Date) => string): Row {
  const tone = row.guard_skipped === 1 ? 'bad' : STATUS_TONES[row.status];
  const cells: Cell[] = [
    { text: String(row.id) },
    { text: began(new Date(row.created_at)) },
    { text: visible(row.hook_name) },
    { text: visible(row.event_type || NOTHING) },
    { text: visible(row.tool_name || NOTHING) },
    { text: visible(row.status), tone },
    { text: exitOf(row) },
    { text: formatMsAligned(row.duration_ms) },
    { text: formatMsAligned(row.overhead_ms) },
  ];
  const said = tellingLine(row);
  return { cells, below: said === undefined ? undefined : { text: visible(said), tone } };
}

/** By what a hook ended: its exit code, or the signal. */
export function exitOf({ exit_code, signal }: Pick<LogRow, 'exit_code' | 'signal'>): string {
  return visible(signal ?? (exit_code === null ? NOTHING : String(exit_code)));
}

/** The time of day alone where all of them are of today, else with the day, and the year where it is another. */
function momentFormat(rows: readonly LogRow[], nowMs: number): (at: Date) => string {
  const today = formatDate(new Date(nowMs));
  const days = rows.map(({ created_at }) => formatDate(new Date(created_at)));
  if (days.every((day) => day === today)) return formatClock;
  const isThisYear = days.every((day) => day.slice(0, 4) === today.slice(0, 4));
  return (at) => `${formatDate(at).slice(isThisYear ? 5 : 0)} ${formatClock(at)}`;
}

/** What a guard that was skipped came to. */
export const DID_NOT_RUN = 'the hook did not run, and nothing was refused in its place';

/** How the line with the error itself begins in the traces of Python, Node and their like. */
const EXCEPTION = /^(?:Uncaught )?[\w.]*(?:Error|Exception|Interrupt|Exit)\b/;

/**
 * The one line of an error text that says most: our own reason where there is one, since it comes first; of a stack
 * trace the line that names the exception; else the first line.
 */
function tellingLine({ status, exit_code, error, guard_skipped }: LogRow): string | undefined {
  const lines = (error ?? '').split('\n').filter((line) => line.trim() !== '');
  const isOwnEnd = status === 'error' && exit_code !== null;
  const exception = isOwnEnd ? lines.findLast((line) => EXCEPTION.test(line)) : undefined;
  const said = (exception ?? lines[0])?.trim();
  return guard_skipped === 1 ? `${said ?? status}: ${DID_NOT_RUN}` : said;
}
