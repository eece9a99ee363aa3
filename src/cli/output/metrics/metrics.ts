import {
  formatCount,
  formatMs,
  formatMsAligned,
  formatPercent,
  formatThings,
  formatWindow,
  NOTHING,
} from '../../../format.ts';
import type { Graded, Grouping, HookMetrics, MetricsReport } from '../../../metrics/report.ts';
import type { Figures } from '../../../metrics/tallies.ts';
import type { Page, Tone } from '../page.ts';
import { GRADE_TONES } from '../state/status-words.ts';
import { type Cell, type Column, renderTable } from '../table.ts';
import { visible } from '../text.ts';

const NAMED = { minWidth: 10 } as const;
const HOOK: readonly Column[] = [
  { title: 'HOOK', ...NAMED },
  { title: 'EVENT', ...NAMED },
];

/** The columns that name a row: hook and event, or the grouping. */
const namesFor = (by: Grouping | undefined): readonly Column[] =>
  by === undefined ? HOOK : [{ title: by.toUpperCase(), ...NAMED }];

const right = (title: string, dropOrder?: number): Column => ({
  title,
  align: 'right',
  ...(dropOrder === undefined ? {} : { dropOrder }),
});

const ENDINGS: readonly Column[] = [
  right('RUNS'),
  right('SUCCESS'),
  right('DENIED'),
  right('ERROR'),
  right('TIMEOUT'),
  right('FAIL %'),
  right('DEDUPED', 2),
  right('DUP %', 1),
];

const TIMES: readonly Column[] = [
  right('AVG', 1),
  right('P50'),
  right('P95'),
  right('P99'),
  right('MAX', 2),
  right('TOTAL'),
];

/** Tables: how hooks ended, how long they took, the comparison with the window before, and the overhead. */
export function metricsLines(report: ComparedReport, page: Page): string[] {
  const window = windowOf(report.window_hours);
  if (report.executions === 0) return [`No execution started in ${window}.`];
  const hooks = new Set(report.hooks.map(({ hook_name }) => hook_name)).size;
  const names = namesFor(report.by);
  const all: readonly Line[] = report.groups ?? report.hooks;
  const endings = all.map((line) => ({ cells: endingCells(line) }));
  const times = all.filter(({ p50_ms }) => p50_ms !== null);
  return [
    `${capitalised(window)}: ${formatThings(report.executions, 'execution')} of ${formatThings(hooks, 'hook')}, ${formatMs(report.total_ms)} in total.`,
    '',
    page.paint('How they ended, and how many refused', 'strong'),
    ...renderTable([...names, ...ENDINGS], endings, page),
    '',
    page.paint('How long the hooks took', 'strong'),
    ...renderTable(
      [...names, ...TIMES],
      times.map((line) => ({ cells: timeCells(line) })),
      page,
    ),
    '',
    ...(report.before === undefined ? [] : comparedLines(all, report.before, names, page)),
    ...targetLines(report, page),
    ...(report.relative_error === null
      ? []
      : [page.paint(`Percentiles are within ${report.relative_error * 100} %.`, 'dim')]),
  ];
}

/** A row of the tables. */
type Line = Figures & ({ readonly name: string } | Pick<HookMetrics, 'hook_name' | 'event_type'>);

/** A report, its grouping, and with --compare the report of the window before. */
export interface ComparedReport extends MetricsReport {
  readonly by?: Grouping;
  readonly before?: MetricsReport;
}

const COMPARED: readonly Column[] = [
  right('RUNS'),
  right('BEFORE'),
  right('FAIL %', 1),
  right('BEFORE', 1),
  right('P50', 2),
  right('BEFORE', 2),
  right('P95'),
  right('BEFORE'),
];

/** A larger relative change is coloured. */
const NOTABLE = 0.2;

function comparedLines(
  lines: readonly Line[],
  before: MetricsReport,
  names: readonly Column[],
  page: Page,
): string[] {
  const known = new Map((before.groups ?? before.hooks).map((line) => [keyOf(line), line]));
  const rows = lines.map((line) => {
    const was = known.get(keyOf(line));
    const cells = [
      { text: formatCount(line.runs) },
      { text: was === undefined ? NOTHING : formatCount(was.runs) },
      { text: formatPercent(line.failure_rate) },
      { text: formatPercent(was?.failure_rate ?? null) },
      { text: formatMsAligned(line.p50_ms), tone: changeTone(line.p50_ms, was?.p50_ms) },
      { text: formatMsAligned(was?.p50_ms) },
      { text: formatMsAligned(line.p95_ms), tone: changeTone(line.p95_ms, was?.p95_ms) },
      { text: formatMsAligned(was?.p95_ms) },
    ];
    return { cells: [...nameCells(line), ...cells] };
  });
  return [
    page.paint(`Compared with the ${formatWindow(before.window_hours)} before`, 'strong'),
    ...renderTable([...names, ...COMPARED], rows, page),
    '',
  ];
}

const keyOf = (line: Line): string =>
  'name' in line ? line.name : JSON.stringify([line.hook_name, line.event_type]);

function changeTone(now: number | null, was: number | null | undefined): Tone | undefined {
  if (now === null || was === null || was === undefined) return undefined;
  if (now > was * (1 + NOTABLE)) return 'bad';
  return now < was * (1 - NOTABLE) ? 'good' : undefined;
}

function endingCells(hook: Line): Cell[] {
  return [
    ...nameCells(hook),
    { text: formatCount(hook.runs) },
    countCell(hook.success, undefined),
    countCell(hook.denied, 'warn'),
    countCell(hook.error, 'bad'),
    countCell(hook.timeout, 'bad'),
    rateCell(hook.failure_rate, 'bad'),
    countCell(hook.deduped, undefined),
    rateCell(hook.dedupe_rate, undefined),
  ];
}

function nameCells(hook: Line): Cell[] {
  if ('name' in hook) return [{ text: visible(hook.name || NOTHING) }];
  return [{ text: visible(hook.hook_name) }, { text: visible(hook.event_type || NOTHING) }];
}

/** Dims a zero, so that other counts stand out. */
function countCell(count: number, tone: Tone | undefined): Cell {
  return { text: formatCount(count), tone: count === 0 ? 'dim' : tone };
}

function rateCell(rate: number | null, tone: Tone | undefined): Cell {
  return { text: formatPercent(rate), tone: rate === null || rate === 0 ? 'dim' : tone };
}

function timeCells(hook: Line): Cell[] {
  const { avg_ms, p50_ms, p95_ms, p99_ms, max_ms, total_ms } = hook;
  const times = [avg_ms, p50_ms, p95_ms, p99_ms, max_ms, total_ms];
  return [...nameCells(hook), ...times.map((ms) => ({ text: formatMsAligned(ms) }))];
}

const TARGETS: readonly Column[] = [
  { title: '' },
  right('MEASURED'),
  right('TARGET'),
  right('ALERT'),
  { title: '' },
];

function targetLines({ overhead, failure_rate, runs }: MetricsReport, page: Page): string[] {
  const { p50, p95, p99 } = overhead.grades;
  const rows = [
    overheadCells('overhead P50', p50),
    overheadCells('overhead P95', p95),
    overheadCells('overhead P99', p99),
    targetCells('failure rate', failure_rate, formatPercent),
  ];
  return [
    page.paint('Overhead of hookbus, and failure rate', 'strong'),
    ...renderTable(
      TARGETS,
      rows.map((cells) => ({ cells })),
      page,
    ),
    '',
    page.paint(
      `Overhead of ${formatThings(overhead.count, 'execution')}; failures among ${formatThings(runs, 'run')}.`,
      'dim',
    ),
    page.paint(
      'HookBus measures this from inside. The targets are for callers, who see more.',
      'dim',
    ),
  ];
}

/** An overhead measured from inside can miss a target, but cannot prove that it is met. */
function overheadCells(name: string, whole: Graded): Cell[] {
  const cells = targetCells(name, whole, formatMsAligned);
  return whole.grade === 'ok' ? [...cells.slice(0, -1), { text: '' }] : cells;
}

function targetCells(
  name: string,
  graded: Graded,
  format: (value: number | null) => string,
): Cell[] {
  const { value, target, alert, grade } = graded;
  const isZero = target === 0;
  return [
    { text: name },
    { text: format(value) },
    { text: isZero ? format(0) : `< ${bare(target)}` },
    { text: `> ${isZero ? `${alert * 100} %` : bare(alert)}` },
    { text: grade ?? 'no data', tone: grade === null ? 'dim' : GRADE_TONES[grade] },
  ];
}

/** A target in ms, without the decimals of a measurement. */
function bare(ms: number): string {
  return `${ms} ms`;
}

function windowOf(hours: number): string {
  return `the last ${formatWindow(hours)}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
