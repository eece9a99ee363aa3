import type { Graded, HookMetrics, MetricsReport } from '../../metrics/report.ts';
import {
  formatCount,
  formatMs,
  formatMsAligned,
  formatPercent,
  formatThings,
  NOTHING,
} from './format.ts';
import type { Page, Tone } from './page.ts';
import { GRADE_TONES } from './status-words.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { visible } from './text.ts';

const HOOK: readonly Column[] = [
  { title: 'HOOK', least: 10, clip: 'middle' },
  { title: 'EVENT', least: 10, clip: 'middle' },
];

const right = (title: string, goes?: number): Column => ({
  title,
  align: 'right',
  ...(goes === undefined ? {} : { goes }),
});

const ENDINGS: readonly Column[] = [
  ...HOOK,
  right('RUNS'),
  right('SUCCESS'),
  right('BLOCKED'),
  right('ERROR'),
  right('TIMEOUT'),
  right('FAIL %'),
  right('DEDUPED', 2),
  right('DUP %', 1),
];

const TIMES: readonly Column[] = [
  ...HOOK,
  right('AVG', 1),
  right('P50'),
  right('P95'),
  right('P99'),
  right('MAX', 2),
  right('TOTAL'),
];

/** Three tables: how hooks ended, how long they took, and what hookbus added. */
export function metricsLines(report: MetricsReport, page: Page): string[] {
  const window = windowOf(report.window_hours);
  if (report.executions === 0) return [`No execution began in ${window}.`];
  const hooks = new Set(report.hooks.map(({ hook_name }) => hook_name)).size;
  const endings = report.hooks.map((hook) => ({ cells: endingCells(hook) }));
  const times = report.hooks.filter(({ p50_ms }) => p50_ms !== null);
  return [
    `${capitalised(window)}: ${formatThings(report.executions, 'execution')} of ${formatThings(hooks, 'hook')}, ${formatMs(report.total_ms)} in all.`,
    '',
    page.paint('How they ended', 'strong'),
    ...renderTable(ENDINGS, endings, page),
    '',
    page.paint('How long the hooks took', 'strong'),
    ...renderTable(
      TIMES,
      times.map((hook) => ({ cells: timeCells(hook) })),
      page,
    ),
    '',
    ...targetLines(report, page),
  ];
}

function endingCells(hook: HookMetrics): Cell[] {
  return [
    ...nameCells(hook),
    { text: formatCount(hook.runs) },
    countCell(hook.success, undefined),
    countCell(hook.blocked, 'warn'),
    countCell(hook.error, 'bad'),
    countCell(hook.timeout, 'bad'),
    rateCell(hook.failure_rate, 'bad'),
    countCell(hook.deduped, undefined),
    rateCell(hook.dedupe_rate, undefined),
  ];
}

function nameCells(hook: HookMetrics): Cell[] {
  return [{ text: visible(hook.hook_name) }, { text: visible(hook.event_type || NOTHING) }];
}

/** A zero steps back, so that what there is stands out. */
function countCell(count: number, tone: Tone | undefined): Cell {
  return { text: formatCount(count), tone: count === 0 ? 'dim' : tone };
}

function rateCell(rate: number | null, tone: Tone | undefined): Cell {
  return { text: formatPercent(rate), tone: rate === null || rate === 0 ? 'dim' : tone };
}

function timeCells(hook: HookMetrics): Cell[] {
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
    targetCells('overhead P50', p50, formatMsAligned),
    targetCells('overhead P95', p95, formatMsAligned),
    targetCells('overhead P99', p99, formatMsAligned),
    targetCells('failure rate', failure_rate, formatPercent),
  ];
  return [
    page.paint('What hookbus added to their time, and how many failed', 'strong'),
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
  ];
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

/** A round number of ms, without the digits that a measurement has. */
function bare(ms: number): string {
  return `${ms} ms`;
}

function windowOf(hours: number): string {
  if (hours === 1) return 'the last hour';
  return `the last ${hours} hours`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
