import {
  formatCount,
  formatMoment,
  formatMsAligned,
  NOTHING,
  projectNames,
} from '../../../format.ts';
import type { SessionRow } from '../../../store/queries/sessions.ts';
import type { Page, Tone } from '../page.ts';
import { type Cell, type Column, renderTable } from '../table.ts';
import { visible } from '../text.ts';

const COLUMNS: readonly Column[] = [
  { title: 'STARTED' },
  { title: 'LASTED', align: 'right', dropOrder: 1 },
  { title: 'PROJECT', minWidth: 10 },
  { title: 'AGENT', dropOrder: 2 },
  { title: 'RUNS', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'DENIED', align: 'right' },
  { title: 'WAITED', align: 'right' },
  { title: 'SESSION', isKept: true },
];

export interface SessionList {
  readonly sessions: readonly SessionRow[];
  /** The id of each session, as short as it can be. */
  readonly shortIds: readonly string[];
  readonly hasMore: boolean;
}

/** A table of sessions, and on a terminal what to type next. */
export function sessionLines({ sessions, shortIds, hasMore }: SessionList, page: Page): string[] {
  const names = projectNames(sessions.flatMap(({ project }) => project ?? []));
  const rows = sessions.map((session, index) => ({
    cells: toCells(session, shortIds[index] ?? '', names, page),
  }));
  const more = `The latest ${formatCount(sessions.length)}; to see more: hookbus sessions --limit ${sessions.length * 5}`;
  const next = `To see one: hookbus trace --session ${visible(shortIds[0] ?? '')}`;
  return [
    ...renderTable(COLUMNS, rows, page),
    ...(hasMore ? [page.paint(more, 'dim')] : []),
    ...(page.rows === undefined ? [] : [page.paint(next, 'dim')]),
  ];
}

function toCells(
  session: SessionRow,
  shortId: string,
  names: ReadonlyMap<string, string>,
  page: Page,
): Cell[] {
  const { project, agent, first, last, executions, failures, denied, waited_ms } = session;
  const count = (value: number, tone: Tone): Cell => ({
    text: formatCount(value),
    tone: value > 0 ? tone : undefined,
  });
  return [
    { text: formatMoment(new Date(first), page.nowMs) },
    { text: formatMsAligned(Date.parse(last) - Date.parse(first)) },
    { text: visible(project === null ? NOTHING : (names.get(project) ?? project)) },
    { text: visible(agent ?? NOTHING) },
    { text: formatCount(executions) },
    count(failures, 'bad'),
    count(denied, 'warn'),
    { text: formatMsAligned(waited_ms) },
    { text: visible(shortId) },
  ];
}
