import type { Covered } from '../../../app/reading/report/covered-span.ts';
import {
  formatCount,
  formatMs,
  formatMsAligned,
  formatPercent,
  formatThings,
  formatWindow,
  NOTHING,
  projectNames,
  shortIds,
} from '../../../format.ts';
import type {
  Grouping,
  GroupMetrics,
  HookMetrics,
  MetricsReport,
} from '../../../metrics/report.ts';
import type { Figures } from '../../../metrics/tallies.ts';
import type { Page, Tone } from '../page.ts';
import { GRADE_TONES } from '../state/status-words.ts';
import { type Cell, type Column, createTable } from '../table.ts';
import { visible, wrap } from '../text.ts';
import { coveredText } from './covered.ts';

/** A report of a window, with the part of it that is known. */
interface WindowReport extends MetricsReport {
  readonly covered?: Covered | null;
}

/** A report, its grouping, and with --compare the report of the window before. */
export interface ComparedReport extends WindowReport {
  readonly by?: Grouping;
  readonly before?: WindowReport;
}

/** A row of the table. */
type Line = Figures & (GroupMetrics | HookMetrics);

/** How the table ends if it has more rows than the screen. */
export type MoreText = (shown: number, all: number) => string;

/** One table, and below it what HookBus itself added. @param more undefined: all rows are shown */
export function metricsLines(report: ComparedReport, page: Page, more?: MoreText): string[] {
  const head = headLines(report, page);
  if (report.executions === 0) return head;
  const lines: readonly Line[] = report.groups ?? report.hooks;
  const names = namesOf(lines, report.by);
  const columns = [...names.columns, ...(report.before === undefined ? FIGURES : COMPARED)];
  const was = new Map((report.before?.groups ?? report.before?.hooks)?.map(keyed));
  const rows = lines.map((line) => {
    const figures = figureCells(line, report.before === undefined ? undefined : was);
    return { cells: [...names.cellsOf(line), ...figures] };
  });
  const foot = footLines(report, page);
  // Besides the rows: the head, the header of the table, what more there is, and the line of the prompt.
  const room = Math.max((page.rows ?? Number.POSITIVE_INFINITY) - head.length - foot.length - 5, 3);
  const isCut = more !== undefined && rows.length > room;
  const shown = isCut ? rows.slice(0, room) : rows;
  const table = createTable(columns, rows, page);
  return [
    ...head,
    '',
    table.header,
    ...shown.flatMap(table.linesOf),
    ...(isCut ? wrap(more(shown.length, rows.length), page.columns) : []),
    '',
    ...foot,
  ];
}

function headLines(report: ComparedReport, page: Page): string[] {
  const { window_hours, executions, failure_rate, failures, denied, before } = report;
  const covered = coveredText(report.covered, page.nowMs);
  const window = `the last ${formatWindow(window_hours)}${covered && ` (${covered})`}`;
  if (executions === 0) return wrap(`No execution started in ${window}.`, page.columns);
  const hooks = new Set(report.hooks.map(({ hook_name }) => hook_name)).size;
  const grade = failure_rate.grade;
  const failed = `${formatCount(failures)} failed (${formatPercent(failure_rate.value)})`;
  const parts = [
    `${formatThings(executions, 'execution')} of ${formatThings(hooks, 'hook')}`,
    ...(failures === 0
      ? []
      : [page.paint(failed, grade === null ? undefined : GRADE_TONES[grade])]),
    ...(denied === 0 ? [] : [`${formatCount(denied)} denied`]),
    `${formatMs(report.total_ms)} in total`,
  ];
  const text = `${window.charAt(0).toUpperCase()}${window.slice(1)}: ${parts.join(', ')}.`;
  return [
    ...wrap(text, page.columns),
    ...(before === undefined ? [] : wrap(beforeText(before, page), page.columns)),
  ];
}

function beforeText(before: WindowReport, page: Page): string {
  const isDeleted = before.executions === 0 && before.covered?.older_deleted === true;
  const covered = isDeleted ? 'its runs were deleted' : coveredText(before.covered, page.nowMs);
  return `BEFORE is the ${formatWindow(before.window_hours)} before${covered && ` (${covered})`}.`;
}

/** HookBus's own part, and how exact the percentiles are. Measured from inside, it cannot prove that a target is met. */
function footLines({ overhead, relative_error }: MetricsReport, page: Page): string[] {
  const { p50, p95, p99 } = overhead.grades;
  const shown = [
    ['P50', p50],
    ['P95', p95],
    ['P99', p99],
  ] as const;
  const missed = shown.filter(([, { grade }]) => grade !== null && grade !== 'ok');
  const figures = shown.map(([name, { value }]) => `${name} ${formatMs(value)}`).join(', ');
  const limits = missed.map(([name, { target }]) => `${name} should be below ${target} ms`);
  const text = `HookBus itself added ${figures}${limits.map((limit) => `; ${limit}`).join('')}.`;
  const tone = missed.some(([, { grade }]) => grade === 'alert') ? 'bad' : 'warn';
  return [
    ...(overhead.count === 0
      ? []
      : wrap(text, page.columns).map((line) =>
          page.paint(line, missed.length === 0 ? 'dim' : tone),
        )),
    ...(relative_error === null
      ? []
      : [page.paint(`Percentiles are within ${relative_error * 100} %.`, 'dim')]),
  ];
}

const NAMED = { minWidth: 10 } as const;

/** The columns that name a row, and their cells: hook and event, or the grouping. */
function namesOf(lines: readonly Line[], by: Grouping | undefined) {
  const cell = (text: string | null | undefined): Cell => ({ text: visible(text || NOTHING) });
  if (by === undefined) {
    return {
      columns: [
        { title: 'HOOK', ...NAMED },
        { title: 'EVENT', ...NAMED },
      ],
      cellsOf: (line: Line) =>
        'name' in line ? [cell(line.name)] : [cell(line.hook_name), cell(line.event_type)],
    };
  }
  const groups = lines.flatMap((line) => ('name' in line ? [line] : []));
  const ofProject = (by === 'project' ? groups.map(({ name }) => name) : []).concat(
    groups.flatMap(({ project }) => project ?? []),
  );
  const projects = projectNames(ofProject);
  const ids = shortIds(by === 'session' ? groups.map(({ name }) => name) : []);
  const columns: Column[] = [{ title: by.toUpperCase(), ...NAMED }];
  if (by === 'session') columns.push({ title: 'PROJECT', ...NAMED });
  return {
    columns,
    cellsOf: (line: Line): Cell[] => {
      if (!('name' in line)) return [];
      if (by === 'session') {
        return [cell(ids.get(line.name)), cell(projects.get(line.project ?? ''))];
      }
      return [cell(by === 'project' ? projects.get(line.name) : line.name)];
    },
  };
}

/** The figures of a row, in their order; with --compare, each has what it was before. */
interface Figure extends Omit<Column, 'align'> {
  readonly cell: (line: Figures) => Cell;
  /** A larger change is coloured. */
  readonly of?: (line: Figures) => number | null;
}

const count = (title: string, of: (line: Figures) => number, tone?: Tone): Figure => ({
  title,
  cell: (line) => ({ text: formatCount(of(line)), tone: of(line) === 0 ? 'dim' : tone }),
});
const time = (title: string, of: (line: Figures) => number | null): Figure => ({
  title,
  of,
  cell: (line) => ({ text: formatMsAligned(of(line)) }),
});

const RUNS = { ...count('RUNS', ({ runs }) => runs), isKept: true };
const FAILED = count('FAILED', ({ error, timeout }) => error + timeout, 'bad');
const DENIED = count('DENIED', ({ denied }) => denied, 'warn');
const DEDUPED = count('DEDUPED', ({ deduped }) => deduped);
const SKIPPED = count('SKIPPED', ({ breaker_skipped }) => breaker_skipped, 'warn');
const P50 = time('P50', ({ p50_ms }) => p50_ms);
const P95 = time('P95', ({ p95_ms }) => p95_ms);
const MAX = time('MAX', ({ max_ms }) => max_ms);
const TOTAL = time('TOTAL', ({ p50_ms, total_ms }) => (p50_ms === null ? null : total_ms));

const ALL: readonly Figure[] = [
  RUNS,
  FAILED,
  DENIED,
  { ...SKIPPED, dropOrder: 2 },
  { ...DEDUPED, dropOrder: 1 },
  { ...P50, dropOrder: 4 },
  P95,
  { ...MAX, dropOrder: 3 },
  TOTAL,
];

const PAIRS: readonly Figure[] = [
  RUNS,
  FAILED,
  { ...DENIED, dropOrder: 3 },
  { ...P50, dropOrder: 2 },
  P95,
  { ...TOTAL, dropOrder: 1 },
];

const FIGURES: readonly Column[] = ALL.map((figure) => ({ ...figure, align: 'right' }));
const COMPARED: readonly Column[] = PAIRS.flatMap((figure) => [
  { ...figure, align: 'right', pair: figure.title },
  { ...figure, title: 'BEFORE', align: 'right', pair: figure.title },
]);

const keyOf = (line: Line): string =>
  'name' in line ? line.name : JSON.stringify([line.hook_name, line.event_type]);
const keyed = (line: Line): readonly [string, Line] => [keyOf(line), line];

function figureCells(line: Line, was: ReadonlyMap<string, Line> | undefined): Cell[] {
  if (was === undefined) return ALL.map(({ cell }) => cell(line));
  const before = was.get(keyOf(line));
  return PAIRS.flatMap(({ cell, of }) => {
    const now = cell(line);
    if (before === undefined) return [now, { text: NOTHING }];
    const tone = of === undefined ? now.tone : changeTone(of(line), of(before));
    return [
      { ...now, tone },
      { ...cell(before), tone: 'dim' },
    ];
  });
}

/** A larger relative change is coloured. */
const NOTABLE = 0.2;

function changeTone(now: number | null, was: number | null): Tone | undefined {
  if (now === null || was === null) return undefined;
  if (now > was * (1 + NOTABLE)) return 'bad';
  return now < was * (1 - NOTABLE) ? 'good' : undefined;
}
