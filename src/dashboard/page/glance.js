import { byId, el, fill, headings } from './dom.js';
import * as format from './format.js';

const TONES = { ok: 'good', 'above target': 'warn', alert: 'bad' };

function card(name, value, note, grade) {
  return el(
    'div',
    { class: `card ${TONES[grade] ?? ''}` },
    el('dt', {}, name),
    el('dd', { class: 'figure' }, value),
    el('dd', { class: 'note' }, grade ? `${grade} · ${note}` : note),
  );
}

function cardsOf({ metrics, behind }) {
  if (metrics === null) {
    return [card('Executions', '…', `${format.count(behind)} are being summed up`)];
  }
  const { executions, runs, failures, failure_rate: rate, overhead, total_ms, hooks } = metrics;
  const deduped = hooks.reduce((sum, hook) => sum + hook.deduped, 0);
  const graded = (name) => {
    const { value, target, grade } = overhead.grades[name];
    return card(
      `Overhead ${name.toUpperCase()}`,
      format.ms(value),
      `target under ${target} ms`,
      grade,
    );
  };
  return [
    card(
      'Executions',
      format.count(executions),
      `${format.count(runs)} ran, ${format.count(deduped)} duplicates`,
    ),
    card(
      'Failure rate',
      format.percent(rate.value),
      `${format.count(failures)} failed`,
      rate.grade,
    ),
    graded('p50'),
    graded('p95'),
    graded('p99'),
    card('Time in hooks', format.ms(total_ms), `${hooks.length} hooks and events`),
  ];
}

export function showGlance(overview, switchOn) {
  fill(byId('cards'), ...cardsOf(overview));
  const { alerts, gates, breaker } = overview;
  fill(
    byId('alerts'),
    ...(alerts.length === 0
      ? [el('li', { class: 'note' }, 'none')]
      : alerts.map(({ rule, text, opened_at }) =>
          el('li', {}, el('strong', {}, rule), ` ${text} since ${format.moment(opened_at)}`),
        )),
  );
  const open = gates.map((gate) => gateItem(gate, switchOn));
  const hints = breaker.recommended.map(({ hook_name, failures, runs }) =>
    el(
      'li',
      { class: 'note' },
      `A breaker would help ${hook_name}: ${failures} of its last ${runs} runs failed.`,
    ),
  );
  fill(
    byId('gates'),
    ...(open.length + hints.length === 0
      ? [el('li', { class: 'note' }, 'none')]
      : [...open, ...hints]),
  );
}

function gateItem({ hook_name, state, until, runs, failures }, switchOn) {
  const why = runs === null ? '' : `, ${failures} of ${runs} runs failed`;
  return el(
    'li',
    {},
    el('strong', {}, hook_name),
    ` ${state === 'off' ? 'off' : `breaker ${state.replace('_', '-')}`}${why}`,
    until === null ? ' ' : ` until ${format.moment(until)} `,
    el('button', { type: 'button', onclick: () => switchOn(hook_name) }, `Switch ${hook_name} on`),
  );
}

const COLUMNS = [
  { text: 'Hook' },
  { text: 'Event' },
  ...['Runs', 'Failed', 'Duplicates', 'P50', 'P95', 'P99', 'Longest', 'In all'].map((text) => ({
    text,
    isNumber: true,
  })),
  { text: 'Switch' },
];

function rateCell(rate, tone) {
  const meter = el('span', { class: `meter ${tone}`, 'aria-hidden': 'true' }, el('span', {}));
  // By the object model: the policy of this page forbids style attributes.
  meter.firstChild.style.width = `${Math.min((rate ?? 0) * 100, 100)}%`;
  return el('td', { class: 'number' }, format.percent(rate), meter);
}

export function showHooks({ metrics, gates }, actions) {
  if (metrics === null) return;
  const states = new Map(gates.map(({ hook_name, state }) => [hook_name, state]));
  const rows = metrics.hooks.map((hook) => {
    const { hook_name: name } = hook;
    const state = states.get(name);
    const button = state
      ? el('button', { type: 'button', onclick: () => actions.switchOn(name) }, `Switch ${name} on`)
      : el(
          'button',
          {
            type: 'button',
            onclick: () => actions.switchOff(name),
            'aria-label': `Switch ${name} off`,
          },
          'Off',
        );
    return el(
      'tr',
      {},
      el('th', { scope: 'row' }, name),
      el('td', {}, format.text(hook.event_type)),
      el('td', { class: 'number' }, format.count(hook.runs)),
      rateCell(hook.failure_rate, 'bad'),
      rateCell(hook.dedupe_rate, 'cool'),
      ...['p50_ms', 'p95_ms', 'p99_ms', 'max_ms', 'total_ms'].map((key) =>
        el('td', { class: 'number' }, format.ms(hook[key])),
      ),
      el('td', {}, button),
    );
  });
  const table = byId('hooks-table');
  // A button in use would lose the focus with every refresh.
  if (table.contains(document.activeElement)) return;
  fill(
    table,
    el('caption', {}, 'Executions in the time range, the hook that took most time first'),
    headings(COLUMNS),
    el('tbody', {}, ...rows),
  );
}
