import type { Explanation, Question } from '../../../app/cases/explain.ts';
import type { Candidate } from '../../../app/cases/select-hooks.ts';
import { formatThings } from '../../../format.ts';
import type { Page } from '../page.ts';
import { type Column, createTable, type Row } from '../table.ts';
import { hanging, visible } from '../text.ts';
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
  base: string,
  page: Page,
): string[] {
  // An agent without any hook is worth a line only if no other has more to say.
  const telling = explanations.filter(
    ({ candidates, others, problems }) => candidates.length + others + problems.length > 0,
  );
  const shown = telling.length > 0 ? telling : explanations.slice(0, 1);
  return shown.flatMap((explanation, index) => [
    ...(index > 0 ? [''] : []),
    ...agentLines(question, explanation, base, page),
  ]);
}

const COLUMNS: readonly Column[] = [
  { title: 'HOOK', minWidth: 10, clip: 'middle' },
  { title: 'SOURCE', dropOrder: 1 },
  { title: 'WHERE', minWidth: 16, clip: 'middle' },
  { title: 'WHY', minWidth: 20 },
];

function agentLines(
  { event, value }: Question,
  { title, candidates, others, problems }: Explanation,
  base: string,
  page: Page,
): string[] {
  const what = visible([event, value].filter(Boolean).join(' '));
  const of = (fires: Candidate['verdict']['fires']) =>
    candidates.filter(({ verdict }) => verdict.fires === fires);
  // The sections share the widths of their columns.
  const rows = candidates.map((one) => rowOf(one, base));
  const { header, linesOf } = createTable(COLUMNS, rows, page);
  const section = (name: string, part: readonly Candidate[]): string[] =>
    part.length === 0
      ? []
      : ['', name, header, ...part.flatMap((one) => linesOf(rowOf(one, base)))];
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
        visible(`${shownPath(base, path)}:${line ?? 1}: ${reason}`),
        page,
        'bad',
      ),
    ]),
  ];
}

function rowOf({ hook, verdict }: Candidate, base: string): Row {
  return {
    cells: [
      { text: visible(hook.hookName || hook.type), tone: TONES[verdict.fires] },
      { text: hook.source },
      { text: `${shownPath(base, hook.path)}:${hook.line}` },
      { text: visible(verdict.reason) },
    ],
  };
}

const TONES = { yes: 'good', unknown: 'warn', no: 'dim' } as const;
