import type { CostReport } from '../../../app/reading/cost-report.ts';
import type { ReportDetails } from '../../../app/reading/report/read-details.ts';
import { VERSION } from '../../../domain/version.ts';
import {
  formatClock,
  formatCount,
  formatDate,
  formatDay,
  formatMs,
  formatThings,
  NOTHING,
  projectNames,
} from '../../../format.ts';
import { outcomesChart } from './html/chart.ts';
import { barCell, type Cell, escaped, namedCell, tableSection, textCell } from './html/elements.ts';
import { STYLE } from './html/style.ts';
import { charactersText, headline, ratedTimeout, TITLES } from './report-words.ts';

/** How many rows a table has: nobody reads more, and --json has them all. */
const MAX_ROWS = 15;

/** A self-contained page: no script, nothing loaded, and recorded text cannot inject either. */
export function reportHtml(
  report: CostReport,
  details: ReportDetails | undefined,
  nowMs: number,
): string {
  const title = titleOf(report, details, nowMs);
  const parts = details === undefined ? [] : partsOf(report, details, nowMs);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${details === undefined ? '' : `<p class="span">${escaped(coverage(details))}</p>`}
${headline(report, nowMs)
  .map((text) => `<p>${escaped(text)}</p>`)
  .join('\n')}
${parts.join('\n')}
</main>
<footer>HookBus ${VERSION}, written ${escaped(fullMoment(nowMs))}</footer>
</body>
</html>
`;
}

/** Whoever reads the page may do so on another day. */
const fullMoment = (ms: number): string =>
  `${formatDate(new Date(ms))} ${formatClock(new Date(ms)).slice(0, 5)}`;

const moment = (at: string | number, nowMs: number): string =>
  `${formatDay(new Date(at), nowMs)} ${formatClock(new Date(at)).slice(0, 5)}`;

/** The days that the report covers, which may be fewer than were asked for. */
function titleOf(report: CostReport, details: ReportDetails | undefined, nowMs: number): string {
  if (details === undefined) return 'What hooks did';
  if (report.session_id !== null) {
    const name = sessionNamer(report)(report.session_id);
    return `What hooks did in ${name}, ${moment(details.fromMs, nowMs)}`;
  }
  const [from, until] = [details.fromMs, details.untilMs].map((ms) =>
    formatDay(new Date(ms), nowMs),
  );
  const year = new Date(details.untilMs).getFullYear();
  return `What hooks did, ${from === until ? from : `${from} – ${until}`} ${String(until).endsWith(String(year)) ? '' : year}`.trim();
}

const coverage = ({ fromMs, untilMs }: ReportDetails): string =>
  `Executions from ${fullMoment(fromMs)} to ${fullMoment(untilMs)}, local time.`;

function partsOf(report: CostReport, details: ReportDetails, nowMs: number): string[] {
  return [
    cards(report, details),
    outcomesChart(details, nowMs),
    failuresTable(details, nowMs),
    refusalsTable(details, nowMs),
    hooksTable(report),
    callsTable(report),
    report.session_id === null ? sessionsTable(report, nowMs) : '',
    contextTable(report),
    `<section><h2>How to read this</h2><ul class="plain">${[...COLUMNS_MEAN, ...report.assumptions].map((text) => `<li>${escaped(text)}</li>`).join('')}</ul></section>`,
  ];
}

const COLUMNS_MEAN = [
  'You’d save: how much sooner agents would have continued without this hook, since the others were done.',
  'Timeout: twice the P99, rounded up, with the number of runs that it rests on.',
];

function cards({ executions, blocked_ms, denied }: CostReport, { bars }: ReportDetails): string {
  const failed = bars.reduce((sum, bar) => sum + bar.failed, 0);
  const shown: readonly (readonly [name: string, figure: string, tone: string])[] = [
    ['Failed', formatCount(failed), failed > 0 ? 'failed' : ''],
    ['Refused', formatCount(denied), denied > 0 ? 'refused' : ''],
    ['Agents waited', formatMs(blocked_ms), ''],
    ['Executions', formatCount(executions), ''],
  ];
  return `<ul class="cards">${shown.map(([name, figure, tone]) => `<li>${name}<b class="${tone}">${escaped(figure)}</b></li>`).join('')}</ul>`;
}

const GROUP_COLUMNS = (what: string) =>
  [
    { title: 'Hook' },
    { title: what },
    { title: 'Times', kind: 'number' },
    { title: 'First', kind: 'more' },
    { title: 'Last', kind: 'more' },
  ] as const;

interface Group {
  readonly hook_name: string;
  readonly event_type: string;
  readonly count: number;
  readonly first_at: string;
  readonly last_at: string;
}

function groupRows<T extends Group>(
  groups: readonly T[],
  says: (group: T) => string,
  nowMs: number,
): Cell[][] {
  const max = Math.max(...groups.map(({ count }) => count), 1);
  return groups.map((group) => [
    namedCell(group.hook_name, group.event_type),
    textCell(says(group)),
    barCell(formatCount(group.count), group.count / max),
    textCell(moment(group.first_at, nowMs)),
    textCell(moment(group.last_at, nowMs)),
  ]);
}

const failuresTable = ({ failures }: ReportDetails, nowMs: number): string =>
  tableSection(
    'What failed',
    GROUP_COLUMNS('What it said'),
    groupRows(failures, ({ message }) => message, nowMs),
    { max: MAX_ROWS, none: 'No hook failed.' },
  );

const refusalsTable = ({ refusals }: ReportDetails, nowMs: number): string =>
  tableSection(
    'What was refused',
    GROUP_COLUMNS('Reason'),
    groupRows(refusals, ({ reason }) => reason ?? 'no reason given', nowMs),
    { max: MAX_ROWS, none: 'No hook refused anything.' },
  );

function hooksTable({ hooks }: CostReport): string {
  const max = Math.max(...hooks.map(({ waited_ms }) => waited_ms), 1);
  const columns = [
    { title: 'Hook' },
    { title: 'Runs', kind: 'number' },
    { title: 'Waited', kind: 'number' },
    { title: 'You’d save', kind: 'more number' },
    { title: 'P50', kind: 'more number' },
    { title: 'P95', kind: 'number' },
    { title: 'Max', kind: 'more number' },
    { title: 'Timeout', kind: 'more number' },
  ] as const;
  const rows = hooks.map((hook) => [
    namedCell(hook.hook_name, hook.event_type),
    textCell(formatCount(hook.runs)),
    barCell(formatMs(hook.waited_ms), hook.waited_ms / max),
    textCell(formatMs(hook.critical_calls === 0 ? null : hook.critical_ms)),
    ...[hook.p50_ms, hook.p95_ms, hook.max_ms].map((ms) => textCell(formatMs(ms))),
    textCell(ratedTimeout(hook)),
  ]);
  return tableSection(TITLES.hooks, columns, rows, { max: MAX_ROWS });
}

/** The longest calls, those of one kind together: a hundred rows of the same hook say no more than one. */
function callsTable({ calls }: CostReport): string {
  const kinds = new Map<string, CostReport['calls'][number][]>();
  for (const call of calls) {
    const key = JSON.stringify([call.tool_name, call.event_type, call.critical_hook]);
    kinds.set(key, [...(kinds.get(key) ?? []), call]);
  }
  const max = calls[0]?.blocked_ms || 1;
  const rows = [...kinds.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const savedMs = same.reduce((sum, { gain_ms }) => sum + gain_ms, 0);
    return [
      [
        namedCell(
          first.tool_name ?? first.event_type,
          first.tool_name === null ? '' : first.event_type,
        ),
        textCell(first.critical_hook),
        textCell(formatCount(same.length)),
        barCell(formatMs(first.blocked_ms), first.blocked_ms / max),
        textCell(formatMs(savedMs)),
      ],
    ];
  });
  const columns = [
    { title: 'Call' },
    { title: 'Last hook' },
    { title: 'Calls', kind: 'number' },
    { title: 'Longest', kind: 'number' },
    { title: 'You’d save', kind: 'more number' },
  ] as const;
  const note = `Of the ${formatThings(calls.length, 'call')} that waited longest.`;
  return tableSection(TITLES.calls, columns, rows, { max: MAX_ROWS, note });
}

/** Names sessions by their projects; one of several with the same name needs more of its path. */
function sessionNamer({ sessions }: CostReport) {
  const names = projectNames(sessions.flatMap(({ project }) => project ?? []));
  const projects = new Map(sessions.map(({ session_id, project }) => [session_id, project]));
  return (id: string | null): string => names.get(projects.get(id) ?? '') ?? 'no project';
}

function sessionsTable(report: CostReport, nowMs: number): string {
  const { sessions } = report;
  const nameOf = sessionNamer(report);
  const max = Math.max(...sessions.map(({ blocked_ms }) => blocked_ms), 1);
  const rows = sessions.map(({ session_id: id, began_at, executions, blocked_ms, hook_ms }) => [
    namedCell(
      `${nameOf(id)}, ${moment(began_at, nowMs)}`,
      id === null ? 'no session' : '',
      id ?? '',
    ),
    textCell(formatCount(executions)),
    barCell(formatMs(blocked_ms), blocked_ms / max),
    textCell(formatMs(hook_ms)),
  ]);
  const columns = [
    { title: 'Session' },
    { title: 'Hooks', kind: 'number' },
    { title: 'Waited', kind: 'number' },
    { title: 'If sequential', kind: 'more number' },
  ] as const;
  return tableSection(TITLES.sessions, columns, rows, { max: MAX_ROWS });
}

function contextTable({ context }: CostReport): string {
  const max = context[0]?.characters_at_most || 1;
  const columns = [
    { title: 'Hook' },
    { title: 'Times', kind: 'number' },
    { title: 'Characters', kind: 'number' },
    { title: 'Truncated', kind: 'more number' },
    { title: 'Repeated', kind: 'more number' },
  ] as const;
  const rows = context
    .filter(({ characters_at_most }) => characters_at_most > 0)
    .map((one) => [
      namedCell(one.hook_name, one.event_type || NOTHING),
      textCell(formatCount(one.executions)),
      barCell(charactersText(one), one.characters_at_most / max),
      ...[one.cut, one.repeated].map((count) => textCell(formatCount(count))),
    ]);
  return tableSection(TITLES.context, columns, rows, { max: MAX_ROWS });
}
