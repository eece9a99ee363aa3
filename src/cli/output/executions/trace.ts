import type { Trace } from '../../../app/reading/find-trace.ts';
import type { LogRow } from '../../../store/columns.ts';
import { formatMoment, formatMs, formatMsAligned, formatThings, NOTHING } from '../format.ts';
import type { Page } from '../page.ts';
import { STATUS_TONES } from '../state/status-words.ts';
import { type Column, createTable, type Row } from '../table.ts';
import { breakAnywhere, visible } from '../text.ts';

/** Columns for the bars on a page of 100 and on a narrower one, so that all else has room. */
const BAR_COLUMNS = 28;
const NARROW_BAR_COLUMNS = 20;

const COLUMNS: readonly Column[] = [
  { title: 'ID', align: 'right' },
  { title: 'BEGAN', align: 'right' },
  { title: 'HOOK', least: 10, clip: 'middle' },
  { title: 'EVENT', least: 8, clip: 'middle', goes: 2 },
  { title: 'TOOL', least: 6, clip: 'middle', goes: 1 },
  { title: 'STATUS' },
  { title: 'TOOK', align: 'right' },
  { title: '' },
];

/** An execution on the line of time, in ms since the first of them began. */
export interface Placed {
  readonly row: LogRow;
  readonly startMs: number;
  /** Where that is not known, the start. */
  readonly endMs: number;
}

/** Where each of them is in time. */
export function placeInTime(rows: readonly LogRow[]): Placed[] {
  const starts = rows.map(({ created_at }) => Date.parse(created_at));
  const known = starts.filter((start) => !Number.isNaN(start));
  const first = known.reduce((least, start) => Math.min(least, start), known[0] ?? 0);
  return rows.map((row, index) => {
    const start = starts[index] ?? Number.NaN;
    const startMs = Number.isNaN(start) ? 0 : start - first;
    return { row, startMs, endMs: startMs + Math.max(row.duration_ms ?? 0, 0) };
  });
}

/** Executions that belong together, each with a bar from its beginning to its end. */
export function traceLines(trace: Trace, page: Page): string[] {
  const placed = placeInTime(trace.rows);
  const lengthMs = placed.reduce((most, { endMs }) => Math.max(most, endMs), 0);
  const width = page.columns >= 100 ? BAR_COLUMNS : NARROW_BAR_COLUMNS;
  const rows = placed.map((each) => toRow(each, { lengthMs, width }));
  const { header, linesOf } = createTable(COLUMNS, rows, page);
  const [first] = trace.rows;
  const word = trace.by === 'session_id' ? 'Session' : 'Correlation id';
  const left = trace.count - rows.length;
  return [
    ...breakAnywhere(visible(`${word} ${trace.id}`), page.columns),
    `${formatThings(rows.length, 'execution')} in ${formatMs(lengthMs)}, from ${formatMoment(new Date(first?.created_at ?? 0))}`,
    ...(left === 0
      ? []
      : [
          page.paint(
            `The latest of ${formatThings(trace.count, 'execution')}; --limit shows more.`,
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
  /** Columns that stand for it. */
  readonly width: number;
}

function toRow({ row, startMs, endMs }: Placed, scale: Scale): Row {
  const tone = STATUS_TONES[row.status];
  return {
    cells: [
      { text: String(row.id) },
      { text: `+${formatMsAligned(startMs)}` },
      { text: visible(row.hook_name) },
      { text: visible(row.event_type || NOTHING) },
      { text: visible(row.tool_name || NOTHING) },
      { text: visible(row.status), tone },
      { text: formatMsAligned(row.duration_ms) },
      { text: barOf(startMs, row.duration_ms === null ? undefined : endMs, scale), tone },
    ],
  };
}

/** Marks an execution whose end is not known, or that did not run. */
const POINT = '·';

/** Every execution has a cell at least. */
function barOf(startMs: number, endMs: number | undefined, { lengthMs, width }: Scale): string {
  const scale = lengthMs === 0 ? 0 : width / lengthMs;
  const from = Math.min(Math.floor(startMs * scale), width - 1);
  const to = Math.max(Math.ceil((endMs ?? startMs) * scale), from + 1);
  const bar = endMs === undefined ? POINT : '█'.repeat(to - from);
  return ' '.repeat(from) + bar;
}
