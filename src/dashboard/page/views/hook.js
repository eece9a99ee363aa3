import { addressOf } from '../address.js';
import { getJson } from '../api.js';
import { byId, el, fill } from '../dom.js';
import * as format from '../format.js';
import { createCharts } from '../parts/charts.js';
import { keepFocus } from '../parts/focus.js';
import { commandsOf, placesOf } from '../parts/hook/facts.js';
import { failuresOf, refusalsOf } from '../parts/hook/groups.js';
import { offButton, onButton } from '../parts/switch.js';

const view = byId('view-hook');
const head = el('div', { class: 'bar hook-head' });
const cards = el('ul', { class: 'cards', 'aria-label': 'In the time range' });
const chartBox = el('div', { class: 'stack' });
const body = el('div', { class: 'stack' });
const whole = el('div', { class: 'stack' }, head, cards, chartBox, body);
view.append(whole);
const charts = createCharts(chartBox);

let params;
/** The last answer, to change nothing if nothing changed. */
let shown;

export async function show(asked) {
  const isOther = params?.subject !== asked.subject;
  params = asked;
  if (isOther) {
    whole.hidden = true;
    shown = undefined;
  }
  await refresh();
}

export function hide() {
  params = undefined;
}

export async function refresh() {
  const asked = params;
  const query = { name: asked.subject, event: asked.event, range: asked.range };
  const report = await getJson('/api/hook', query);
  if (asked !== params) return;
  whole.hidden = false;
  charts.show(report.series);
  const { series: _, ...rest } = report;
  const text = JSON.stringify([rest, format.today()]);
  if (text === shown) return;
  shown = text;
  keepFocus(whole, () => draw(report));
}

/** A hook was switched: its button is another one now, which gets the focus. */
export async function showSwitched(name) {
  if (params?.subject !== name) return;
  await refresh();
  if (document.activeElement === document.body)
    head.querySelector('button')?.focus({ preventScroll: true });
}

function draw(report) {
  fill(head, ...headOf(report));
  fill(cards, ...cardsOf(report));
  fill(
    body,
    failuresOf(report),
    refusalsOf(report),
    el('div', { class: 'columns' }, placesOf(report), commandsOf(report)),
  );
}

function headOf({
  hook_name: name,
  event_type: shownEvent,
  events,
  gates,
  is_protected: isProtected,
}) {
  const known = (events ?? []).map(({ event_type: event }) => event).filter(Boolean);
  const names = [...new Set([...known, ...(shownEvent ? [shownEvent] : [])])].sort();
  const link = (event, text) =>
    el(
      'a',
      {
        href: addressOf('hook', name, { event }),
        'aria-current': event === (shownEvent ?? '') ? 'true' : undefined,
      },
      text,
    );
  const choice =
    names.length < 2
      ? el('span', { class: 'dim' }, names[0] ?? '')
      : el(
          'nav',
          { class: 'choice', 'aria-label': 'Events of this hook' },
          link('', 'All events'),
          ...names.map((event) => link(event, event)),
        );
  return [
    choice,
    el(
      'span',
      { class: 'state' },
      ...(gates.length > 0 ? gates.map(stateOf) : [el('span', { class: 'pill ok' }, 'On')]),
      gates.length > 0
        ? onButton(name)
        : isProtected
          ? el('span', { class: 'note' }, 'root protects it')
          : offButton(name),
      el(
        'a',
        { href: addressOf('feed', '', { hook: name, event: shownEvent ?? '' }) },
        'Executions',
      ),
    ),
  ];
}

function stateOf({ state, until, runs, failures, command }) {
  const why =
    runs === null ? '' : ` after ${format.count(failures)} of ${format.things(runs, 'run')} failed`;
  const what = state === 'off' ? 'Off' : `Breaker ${state.replace('_', '-')}`;
  return el(
    'span',
    { class: 'badge refused', title: command ?? '' },
    `${what} until ${format.moment(until).slice(0, -3)}${why}`,
  );
}

const card = (name, figure, note, tone = '') =>
  el(
    'li',
    { class: `card ${tone}` },
    el(
      'div',
      {},
      el('span', { class: 'name' }, name),
      el('span', { class: 'figure' }, figure),
      el('span', { class: 'note', title: note }, note),
    ),
  );

function cardsOf({ events, event_type: event, last }) {
  const lastNote = last === null ? 'never' : `last ${format.moment(last.created_at)}`;
  if (events === null) return [card('Runs', '…', 'a large log is being counted')];
  const some = events.filter((one) => event === null || one.event_type === event);
  const sum = (of) => some.reduce((total, one) => total + of(one), 0);
  const runs = sum((one) => one.runs);
  const failed = sum((one) => one.error + one.timeout);
  const denied = sum((one) => one.denied);
  const skipped = sum((one) => one.deduped + one.breaker_skipped);
  const slow = [...some]
    .filter((one) => one.p95_ms !== null)
    .sort((a, b) => b.p95_ms - a.p95_ms)[0];
  const of = slow !== undefined && some.length > 1 ? `${slow.event_type}, ` : '';
  return [
    card(
      'Runs',
      format.count(runs),
      skipped > 0 ? `${format.count(skipped)} skipped, ${lastNote}` : lastNote,
    ),
    card(
      'Failed',
      format.count(failed),
      runs === 0 ? 'it did not run' : `${format.percent(failed / runs)} of its runs`,
      failed > 0 ? 'failed' : '',
    ),
    card(
      'Refused',
      format.count(denied),
      denied > 0 ? 'calls that the agent did not make' : 'no call',
      denied > 0 ? 'refused' : '',
    ),
    card(
      'Takes',
      format.ms(slow?.p50_ms),
      slow === undefined
        ? 'it did not run'
        : `${of}P95 ${format.ms(slow.p95_ms)}, at most ${format.ms(slow.max_ms)}`,
    ),
  ];
}
