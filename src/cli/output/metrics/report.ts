import type { CostReport, HookCost } from '../../../app/reading/cost-report.ts';
import {
  formatCount,
  formatMoment,
  formatMsAligned,
  NOTHING,
  projectNames,
  shortIds,
} from '../../../format.ts';
import type { Page } from '../page.ts';
import { type Cell, type Column, type Row, renderTable } from '../table.ts';
import { visible, wrap } from '../text.ts';
import { callTitle, charactersText, headline, suggestedTimeout, TITLES } from './report-words.ts';

const right = (title: string, dropOrder?: number): Column => ({
  title,
  align: 'right',
  ...(dropOrder === undefined ? {} : { dropOrder }),
});

const HOOK: readonly Column[] = [
  { title: 'HOOK', minWidth: 10 },
  { title: 'EVENT', minWidth: 10, wantedWidth: 12 },
];

const HOOKS: readonly Column[] = [
  ...HOOK,
  right('RUNS', 2),
  right('DENIED', 1),
  right('WAITED'),
  right("YOU'D SAVE"),
  right('TIMEOUT'),
];

const CALLS: readonly Column[] = [
  { title: 'STARTED', dropOrder: 1 },
  { title: 'TOOL', minWidth: 8, wantedWidth: 12 },
  { title: 'EVENT', minWidth: 10, wantedWidth: 12 },
  right('CALLS'),
  right('WAITED'),
  { title: 'SLOWEST HOOK', minWidth: 10 },
  right("YOU'D SAVE"),
];

const CONTEXT: readonly Column[] = [
  ...HOOK,
  right('TIMES'),
  right('CHARACTERS'),
  right('CUT', 1),
  right('REPEATED'),
  right('REPEATED CHARACTERS', 2),
];

const SESSIONS: readonly Column[] = [
  { title: 'PROJECT', minWidth: 8 },
  { title: 'STARTED' },
  right('EXECUTIONS'),
  right('WAITED'),
  { title: 'SESSION' },
];

/** How many rows of a table are shown without --all. */
const MAX_ROWS = { hooks: 10, calls: 5, context: 5, sessions: 5 } as const;

/** What hooks cost: a summary, then by hook, tool call and session, and what they added to the context. */
export function reportLines(report: CostReport, page: Page, isWhole = false): string[] {
  const head = headline(report, page.nowMs);
  if (report.executions === 0) return head.flatMap((text) => wrap(visible(text), page.columns));
  const hooks = report.hooks.filter(({ waited_ms }) => waited_ms > 0);
  const timeout = commonTimeout(hooks);
  const table = (
    name: keyof typeof MAX_ROWS,
    columns: readonly Column[],
    cells: readonly Cell[][],
  ): string[] => {
    if (cells.length === 0) return [];
    const max = isWhole ? cells.length : MAX_ROWS[name];
    const rows: Row[] = cells.slice(0, max).map((row) => ({ cells: row }));
    const rest = cells.length - max;
    return [
      '',
      page.paint(TITLES[name], 'strong'),
      ...renderTable(columns, rows, page),
      ...(rest > 0 ? [`… and ${formatCount(rest)} more; --all shows them`] : []),
    ];
  };
  return [
    ...wrap(visible(head.join(' ')), page.columns),
    ...table(
      'hooks',
      HOOKS,
      hooks.map((hook) => hookCells(hook, timeout)),
    ),
    ...timeoutLines(hooks, timeout),
    ...table('calls', CALLS, callRows(report, page)),
    ...table('context', CONTEXT, report.context.map(contextCells)),
    ...table('sessions', SESSIONS, sessionRows(report, page)),
    '',
    page.paint(ASSUMPTION, 'dim'),
  ];
}

const ASSUMPTION =
  'Assumes that agents wait for all hooks but those of SessionEnd: docs/report.md.';

/** The timeout that is suggested for most hooks; undefined if none is for two. */
function commonTimeout(hooks: readonly HookCost[]): number | undefined {
  const counts = new Map<number, number>();
  for (const { suggested_timeout_seconds: seconds } of hooks) {
    if (seconds !== null) counts.set(seconds, (counts.get(seconds) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most !== undefined && most[1] > 1 ? most[0] : undefined;
}

const needsMore = (hook: HookCost, common: number | undefined): boolean =>
  hook.timeouts > 0 || hook.suggested_timeout_seconds !== common;

function timeoutLines(hooks: readonly HookCost[], common: number | undefined): string[] {
  if (common === undefined) return [];
  const isOfAll = !hooks.some((hook) => needsMore(hook, common));
  return [`A timeout of ${common} s is enough for ${isOfAll ? 'each of them' : 'the others'}.`];
}

const named = (text: string | null | undefined): Cell => ({ text: visible(text || NOTHING) });
const counted = (count: number): Cell => ({
  text: formatCount(count),
  tone: count === 0 ? 'dim' : undefined,
});
const timed = (ms: number | null): Cell => ({ text: formatMsAligned(ms) });

const hookCells = (hook: HookCost, timeout: number | undefined): Cell[] => [
  named(hook.hook_name),
  named(hook.event_type),
  counted(hook.runs),
  counted(hook.denied),
  timed(hook.waited_ms),
  timed(hook.critical_calls === 0 ? null : hook.critical_ms),
  { text: needsMore(hook, timeout) ? suggestedTimeout(hook) : '' },
];

/** Calls that differ only in their time are one row: that of the longest, and how many there are. */
function callRows({ calls }: CostReport, page: Page): Cell[][] {
  const alike = new Map<string, CostReport['calls'][number][]>();
  for (const call of calls) {
    const key = JSON.stringify([callTitle(call), call.event_type, call.critical_hook]);
    alike.set(key, [...(alike.get(key) ?? []), call]);
  }
  return [...alike.values()].flatMap((same) => {
    const [longest] = same;
    if (longest === undefined) return [];
    return [
      [
        { text: formatMoment(new Date(longest.began_at), page.nowMs) },
        named(callTitle(longest)),
        named(longest.event_type),
        counted(same.length),
        timed(longest.blocked_ms),
        named(longest.critical_hook),
        timed(longest.gain_ms),
      ],
    ];
  });
}

const contextCells = (context: CostReport['context'][number]): Cell[] => [
  named(context.hook_name),
  named(context.event_type),
  counted(context.executions),
  { text: charactersText(context) },
  counted(context.cut),
  counted(context.repeated),
  counted(context.repeated_characters),
];

/** A session is known by its project and time. Of one session there is nothing to compare. */
function sessionRows({ sessions, session_id }: CostReport, page: Page): Cell[][] {
  if (session_id !== null) return [];
  const projects = projectNames(sessions.flatMap(({ project }) => project ?? []));
  const ids = shortIds(sessions.map((session) => session.session_id ?? ''));
  return sessions.map((session) => [
    named(projects.get(session.project ?? '')),
    { text: formatMoment(new Date(session.began_at), page.nowMs) },
    counted(session.executions),
    timed(session.blocked_ms),
    named(ids.get(session.session_id ?? '')),
  ]);
}
