import type { Places } from '../../../agents/settings/agent-settings.ts';
import type { Explanation, Question } from '../../../app/cases/explain.ts';
import type { Candidate } from '../../../app/cases/select-hooks.ts';
import { formatThings } from '../../../format.ts';
import type { Page } from '../page.ts';
import { BELOW_INDENT, type Column, createTable, type Row } from '../table.ts';
import { columnsOf, hanging, visible } from '../text.ts';
import { shownPath } from './shown-path.ts';

/** An explanation for programs. */
export function explainJson(question: Question, explanations: readonly Explanation[]) {
  return {
    event_type: question.event,
    value: question.value ?? null,
    agents: explanations.map(({ agent, candidates, others, problems }) => ({
      agent,
      hooks: candidates.map(({ hook, verdict }) => ({
        hook_name: hook.hookName || null,
        type: hook.type,
        command: [hook.command, ...hook.args].join(' ') || null,
        matcher: hook.matcher ?? null,
        condition: hook.condition ?? null,
        source: hook.source,
        path: hook.path,
        line: hook.line,
        fires: verdict.fires,
        reason: verdict.reason,
      })),
      other_hooks: others,
      problems: problems.map(({ path, line = null, reason }) => ({ path, line, reason })),
    })),
  };
}

/** An explanation for people: what runs, what may run, and what does not. */
export function explainLines(
  question: Question,
  explanations: readonly Explanation[],
  places: Pick<Places, 'cwd' | 'home'>,
  page: Page,
): string[] {
  // An agent without any hook is worth a line only if no other has more to say.
  const telling = explanations.filter(
    ({ candidates, others, problems }) => candidates.length + others + problems.length > 0,
  );
  const shown = telling.length > 0 ? telling : explanations.slice(0, 1);
  return shown.flatMap((explanation, index) => [
    ...(index > 0 ? [''] : []),
    ...agentLines(question, explanation, places, page),
  ]);
}

const COLUMNS: readonly Column[] = [
  { title: 'HOOK', minWidth: 10 },
  { title: 'SOURCE', dropOrder: 1 },
  { title: 'WHERE', minWidth: 32, clip: 'middle' },
  { title: 'WHY' },
];

function agentLines(
  { event, value }: Question,
  { title, candidates, others, problems }: Explanation,
  places: Pick<Places, 'cwd' | 'home'>,
  page: Page,
): string[] {
  const what = visible([event, value].filter(Boolean).join(' '));
  const of = (fires: Candidate['verdict']['fires']) =>
    candidates.filter(({ verdict }) => verdict.fires === fires);
  const { header, linesOf } = tableOf(candidates, places, page);
  const section = (name: string, part: readonly Candidate[]): string[] =>
    part.length === 0 ? [] : ['', name, header, ...part.flatMap(linesOf)];
  const more = others === 0 ? '' : `; ${formatThings(others, 'hook')} on other events`;
  return [
    page.paint(`${title}: ${what}`, 'strong'),
    ...section('Runs:', of('yes')),
    ...section('Cannot tell, so count on it:', of('unknown')),
    ...section('Does not run:', of('no')),
    ...(candidates.length === 0 ? [`No hook is on ${visible(event)}${more}.`] : []),
    ...problems.flatMap(({ path, line, reason }) => [
      '',
      ...hanging(
        'Not used: ',
        visible(`${shownPath(places.cwd, path, places.home)}:${line ?? 1}: ${reason}`),
        page,
        'bad',
      ),
    ]),
  ];
}

/** The sections share the widths of their columns. A reason that does not fit stands below, in full: it is the answer. */
function tableOf(
  candidates: readonly Candidate[],
  places: Pick<Places, 'cwd' | 'home'>,
  page: Page,
) {
  const rows = candidates.map((one) => rowOf(one, places));
  const wide = createTable(COLUMNS, rows, page);
  const isTooWide = rows.flatMap(wide.linesOf).some((line) => columnsOf(line) > page.tableColumns);
  if (!isTooWide)
    return { header: wide.header, linesOf: (one: Candidate) => wide.linesOf(rowOf(one, places)) };
  const { header, linesOf } = createTable(COLUMNS.slice(0, -1), rows, page);
  return {
    header,
    linesOf: (one: Candidate): string[] => [
      ...linesOf(rowOf(one, places)),
      ...hanging(' '.repeat(BELOW_INDENT), visible(one.verdict.reason), page, 'dim'),
    ],
  };
}

function rowOf({ hook, verdict }: Candidate, { cwd, home }: Pick<Places, 'cwd' | 'home'>): Row {
  return {
    cells: [
      { text: visible(hook.hookName || hook.type), tone: TONES[verdict.fires] },
      { text: hook.source },
      { text: `${shownPath(cwd, hook.path, home)}:${hook.line}` },
      { text: visible(verdict.reason) },
    ],
  };
}

const TONES = { yes: 'good', unknown: 'warn', no: 'dim' } as const;
