import type { CostReport } from '../../../app/reading/cost-report.ts';
import {
  formatClock,
  formatCount,
  formatDate,
  formatMsAligned,
  formatThings,
  NOTHING,
} from '../../../format.ts';
import type { Page } from '../page.ts';
import { type Cell, type Column, type Row, renderTable } from '../table.ts';
import { visible, wrap } from '../text.ts';
import {
  callTitle,
  charactersText,
  headline,
  ratedTimeout,
  shownCalls,
  TITLES,
} from './report-words.ts';

const right = (title: string, dropOrder?: number): Column => ({
  title,
  align: 'right',
  ...(dropOrder === undefined ? {} : { dropOrder }),
});

const HOOK: readonly Column[] = [
  { title: 'HOOK', minWidth: 10 },
  { title: 'EVENT', minWidth: 10 },
];

const HOOKS: readonly Column[] = [
  ...HOOK,
  right('RUNS'),
  right('DENIED', 1),
  right('WAITED'),
  right('LAST OF', 2),
  right('ALONE', 3),
  right('P99'),
  right('TIMEOUT'),
];

const CALLS: readonly Column[] = [
  { title: 'STARTED', dropOrder: 1 },
  { title: 'TOOL', minWidth: 8 },
  { title: 'EVENT', minWidth: 10 },
  right('HOOKS', 2),
  right('WAITED'),
  { title: 'LAST HOOK', minWidth: 10 },
  right('ALONE'),
];

const CONTEXT: readonly Column[] = [
  ...HOOK,
  right('TIMES'),
  right('CHARACTERS'),
  right('CUT', 1),
  right('REPEATED'),
  right('REPEATED CHARACTERS', 2),
];

/** The maximum number of rows of a table; --json has more. */
const MAX_ROWS = 20;

/** What hooks cost: a summary, then by hook, by tool call, and what they added to the context. */
export function reportLines(report: CostReport, page: Page): string[] {
  const head = headline(report);
  if (report.executions === 0) return head;
  return [
    ...head.flatMap((text) => wrap(visible(text), page.columns)),
    ...table(TITLES.hooks, HOOKS, report.hooks.map(hookCells), page),
    ...table(TITLES.calls, CALLS, shownCalls(report).map(callCells), page),
    ...table(TITLES.context, CONTEXT, report.context.map(contextCells), page),
    '',
    ...report.assumptions.flatMap((text) =>
      wrap(text, page.columns).map((line) => page.paint(line, 'dim')),
    ),
  ];
}

function table(
  title: string,
  columns: readonly Column[],
  cells: readonly Cell[][],
  page: Page,
): string[] {
  if (cells.length === 0) return [];
  const rows: Row[] = cells.slice(0, MAX_ROWS).map((row) => ({ cells: row }));
  const rest = cells.length - MAX_ROWS;
  return [
    '',
    page.paint(title, 'strong'),
    ...renderTable(columns, rows, page),
    ...(rest > 0 ? [`… and ${formatCount(rest)} more; --json has them all`] : []),
  ];
}

const named = (text: string | null): Cell => ({ text: visible(text || NOTHING) });
const counted = (count: number): Cell => ({
  text: formatCount(count),
  tone: count === 0 ? 'dim' : undefined,
});
const timed = (ms: number | null): Cell => ({ text: formatMsAligned(ms) });

const hookCells = (hook: CostReport['hooks'][number]): Cell[] => [
  named(hook.hook_name),
  named(hook.event_type),
  counted(hook.runs),
  counted(hook.denied),
  timed(hook.waited_ms),
  { text: hook.critical_calls === 0 ? NOTHING : formatThings(hook.critical_calls, 'call') },
  timed(hook.critical_calls === 0 ? null : hook.critical_ms),
  timed(hook.p99_ms),
  { text: ratedTimeout(hook) },
];

const callCells = (call: CostReport['calls'][number]): Cell[] => {
  const at = new Date(call.began_at);
  return [
    { text: `${formatDate(at)} ${formatClock(at)}` },
    named(callTitle(call)),
    named(call.event_type),
    counted(call.executions),
    timed(call.blocked_ms),
    named(call.critical_hook),
    timed(call.gain_ms),
  ];
};

const contextCells = (context: CostReport['context'][number]): Cell[] => [
  named(context.hook_name),
  named(context.event_type),
  counted(context.executions),
  { text: charactersText(context) },
  counted(context.cut),
  counted(context.repeated),
  counted(context.repeated_characters),
];
