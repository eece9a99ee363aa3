import type { Trace } from '../../../app/reading/find-trace.ts';
import { formatMoment, formatMs, formatMsAligned, formatThings, NOTHING } from '../../../format.ts';
import type { LogRow } from '../../../store/columns.ts';
import type { Page } from '../page.ts';
import { STATUS_TONES } from '../state/status-words.ts';
import { type Cell, type Column, createTable } from '../table.ts';
import { breakAnywhere, visible } from '../text.ts';
import { DECISION_COLUMN, decisionCell, withDecision } from './decision.ts';

/** The width of the bars on a page of 100 columns, and on a narrower one. */
const BAR_COLUMNS = 28;
const NARROW_BAR_COLUMNS = 20;

/** The room of the decisions, which the bars give. */
const DECISION_COLUMNS = 10;

const COLUMNS: readonly Column[] = [
  { title: 'ID', align: 'right' },
  { title: 'STARTED', align: 'right' },
  { title: 'HOOK', minWidth: 10, wantedWidth: 16 },
  { title: 'EVENT', minWidth: 8, wantedWidth: 12, dropOrder: 2 },
  { title: 'TOOL', minWidth: 6, wantedWidth: 6, dropOrder: 1 },
  { title: 'STATUS' },
  DECISION_COLUMN,
  { title: 'TOOK', align: 'right' },
  { title: '' },
];

/** An execution on the timeline, in ms since the first one started. */
export interface Placed {
  readonly row: LogRow;
  readonly startMs: number;
  /** The start, if the end is not known. */
  readonly endMs: number;
}

/** Places executions on a timeline. */
export function placeInTime(rows: readonly LogRow[]): Placed[] {
  const starts = rows.map(({ created_at }) => Date.parse(created_at));
  const known = starts.filter((start) => !Number.isNaN(start));
  const first = known.reduce((min, start) => Math.min(min, start), known[0] ?? 0);
  return rows.map((row, index) => {
    const start = starts[index] ?? Number.NaN;
    const startMs = Number.isNaN(start) ? 0 : start - first;
    return { row, startMs, endMs: startMs + Math.max(row.duration_ms ?? 0, 0) };
  });
}

/** Related executions, each with a bar from its start to its end. */
export function traceLines(trace: Trace, page: Page): string[] {
  const placed = placeInTime(trace.rows);
  const lengthMs = placed.reduce((max, { endMs }) => Math.max(max, endMs), 0);
  const { columns, isShown } = withDecision(COLUMNS, trace.rows);
  const room = page.columns >= 100 ? BAR_COLUMNS : NARROW_BAR_COLUMNS;
  const width = columns.length === COLUMNS.length ? room - DECISION_COLUMNS : room;
  const rows = placed.map((each) => ({
    cells: toCells(each, { lengthMs, width }).filter(isShown),
  }));
  const { header, linesOf } = createTable(columns, rows, page);
  const [first] = trace.rows;
  const word = trace.by === 'session_id' ? 'Session' : 'Correlation id';
  const omitted = trace.count - rows.length;
  return [
    ...breakAnywhere(visible(`${word} ${trace.id}`), page.columns),
    `${formatThings(rows.length, 'execution')} in ${formatMs(lengthMs)}, from ${formatMoment(new Date(first?.created_at ?? 0), page.nowMs)}`,
    ...(omitted === 0
      ? []
      : [
          page.paint(
            `Only the latest of ${formatThings(trace.count, 'execution')}; use --limit to show more.`,
            'warn',
          ),
        ]),
    '',
    header,
    ...rows.flatMap(linesOf),
  ];
}

interface Scale {
  readonly lengthMs: number;
  /** The width of the timeline in columns. */
  readonly width: number;
}

function toCells({ row, startMs, endMs }: Placed, scale: Scale): Cell[] {
  const tone = STATUS_TONES[row.status];
  return [
    { text: String(row.id) },
    { text: `+${formatMsAligned(startMs)}` },
    { text: visible(row.hook_name) },
    { text: visible(row.event_type || NOTHING) },
    { text: visible(row.tool_name || NOTHING) },
    { text: visible(row.status), tone },
    decisionCell(row),
    { text: formatMsAligned(row.duration_ms) },
    { text: barOf(startMs, row.duration_ms === null ? undefined : endMs, scale), tone },
  ];
}

/** Marks an execution that did not run, or whose end is not known. */
const POINT = '·';

/** Every execution takes at least one column. */
function barOf(startMs: number, endMs: number | undefined, { lengthMs, width }: Scale): string {
  const scale = lengthMs === 0 ? 0 : width / lengthMs;
  const from = Math.min(Math.floor(startMs * scale), width - 1);
  // The last end times the scale can be a little more than the width.
  const to = Math.max(Math.min(Math.ceil((endMs ?? startMs) * scale), width), from + 1);
  const bar = endMs === undefined ? POINT : '█'.repeat(to - from);
  return ' '.repeat(from) + bar;
}
