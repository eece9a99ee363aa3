import { isFailure } from '../../../domain/execution.ts';
import { errorLine } from '../../../domain/text/error-line.ts';
import {
  formatClock,
  formatDate,
  formatMsAligned,
  NOTHING,
  projectNames,
} from '../../../format.ts';
import { compare } from '../../../metrics/report.ts';
import type { LogRow } from '../../../store/columns.ts';
import type { Page, Tone } from '../page.ts';
import { STATUS_TONES } from '../state/status-words.ts';
import { type Cell, type Column, type Row, renderTable } from '../table.ts';
import { visible } from '../text.ts';
import { DECISION_COLUMN, decides, decisionCell, withDecision } from './decision.ts';

export const LOG_TABLE_COLUMNS: readonly Column[] = [
  { title: 'ID', align: 'right' },
  { title: 'STARTED' },
  { title: 'HOOK', minWidth: 12, wantedWidth: 20 },
  { title: 'EVENT', minWidth: 10, wantedWidth: 12 },
  { title: 'TOOL', minWidth: 6, wantedWidth: 6, dropOrder: 4 },
  { title: 'PROJECT', minWidth: 6, wantedWidth: 12, dropOrder: 2 },
  { title: 'STATUS' },
  DECISION_COLUMN,
  { title: 'EXIT', align: 'right', dropOrder: 3 },
  { title: 'TOOK', align: 'right', dropOrder: 5 },
  { title: 'OVERHEAD', align: 'right', dropOrder: 1 },
];

/** A table of executions, with the error of a failed one, or the reason of a decision, beside or below its row. */
export function logLines(rows: readonly LogRow[], page: Page): string[] {
  const startOf = momentFormat(rows, page.nowMs);
  const names = projectNames(rows.flatMap(({ project }) => project ?? []));
  const projectOf = (project: string): string =>
    names.size > 1 ? (names.get(project) ?? project) : '';
  const { columns, isShown } = withDecision(LOG_TABLE_COLUMNS, rows);
  const shown = [...rows].sort(byShownStart).map((row) => {
    const { cells, remark } = logRow(row, startOf, projectOf);
    return { cells: cells.filter(isShown), remark };
  });
  return renderTable(columns, shown, page);
}

const secondOf = ({ created_at }: LogRow): string => created_at.slice(0, 19);

/** Newest first as far as a reader can see: of one second, which is what is shown, the last id comes first. */
const byShownStart = (a: LogRow, b: LogRow): number =>
  compare(secondOf(b), secondOf(a)) || b.id - a.id;

/** One execution as a row of these columns. */
export function logRow(
  row: LogRow,
  startOf: (at: Date) => string,
  projectOf: (project: string) => string,
): Row {
  const tone = row.guard_skipped === 1 ? 'bad' : STATUS_TONES[row.status];
  const cells: Cell[] = [
    { text: String(row.id) },
    { text: startOf(new Date(row.created_at)) },
    { text: visible(row.hook_name) },
    { text: visible(row.event_type || NOTHING) },
    { text: visible(row.tool_name || NOTHING) },
    { text: visible(projectOf(row.project ?? '') || NOTHING) },
    { text: visible(row.status), tone },
    decisionCell(row),
    { text: exitOf(row) },
    { text: formatMsAligned(row.duration_ms) },
    { text: formatMsAligned(row.overhead_ms) },
  ];
  return { cells, remark: remarkOf(row, tone) };
}

/** What to read with a row: the reason if the hook stopped something, else why it failed. */
function remarkOf(row: LogRow, tone: Tone | undefined): Row['remark'] {
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
