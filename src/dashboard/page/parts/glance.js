import { byId, el, fill, headings } from '../dom.js';
import * as format from '../format.js';

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
    return [card('Executions', '…', `${format.count(behind)} are being counted`)];
  }
  const {
    executions,
    runs,
    failures,
    denied,
    failure_rate: rate,
    overhead,
    total_ms,
    hooks,
  } = metrics;
  const deduped = hooks.reduce((sum, hook) => sum + hook.deduped, 0);
  const graded = (name) => {
    const { value, target, grade } = overhead.grades[name];
    return card(
      `Overhead ${name.toUpperCase()}`,
      format.ms(value),
      `measured inside; target for the caller: under ${target} ms`,
      // The caller sees more, so this figure can miss the target, but cannot prove that it is met.
      grade === 'ok' ? undefined : grade,
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
    card('Refusals', format.count(denied), 'decided deny'),
    graded('p50'),
    graded('p95'),
    graded('p99'),
    card('Time in hooks', format.ms(total_ms), `${hooks.length} hooks and events`),
  ];
}

/** The content of the list of gates, to detect changes. */
let gatesShown;

export function showGlance(overview, switchOn) {
  fill(byId('cards'), ...cardsOf(overview));
  const { alerts, gates, breaker } = overview;
  fill(
    byId('alerts'),
    ...(alerts.length === 0
      ? [el('li', { class: 'note' }, 'none')]
      : alerts.map(({ rule, text, opened_at }) =>
          el('li', {}, el('strong', {}, rule), ` ${text} (since ${format.moment(opened_at)})`),
        )),
  );
  // Without a change, keep the elements: a focused button would lose the focus with every refresh.
  const content = JSON.stringify([gates, breaker.recommended, format.today()]);
  if (content === gatesShown) return;
  gatesShown = content;
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

const onButton = (name, switchOn) =>
  el(
    'button',
    { type: 'button', 'data-hook': name, onclick: () => switchOn(name) },
    `Switch ${name} on`,
  );

const offButton = (name, switchOff) =>
  el(
    'button',
    {
      type: 'button',
      'data-hook': name,
      onclick: () => switchOff(name),
      'aria-label': `Switch ${name} off`,
    },
    'Off',
  );

/** Focuses the button of the hook, unless the user has moved the focus.  */
export function focusHook(name) {
  if (document.activeElement !== document.body) return;
  const buttons = ['#hooks-table button', '#gates button'].flatMap((selector) => [
    ...document.querySelectorAll(selector),
  ]);
  buttons.find(({ dataset }) => dataset.hook === name)?.focus({ preventScroll: true });
}

function gateItem({ hook_name, command, state, until, runs, failures }, switchOn) {
  const why = runs === null ? '' : `, ${failures} of ${runs} runs failed`;
  return el(
    'li',
    {},
    el('strong', { title: command ?? '' }, hook_name),
    ` ${state === 'off' ? 'off' : `breaker ${state.replace('_', '-')}`}${why}`,
    ` until ${format.moment(until)} `,
    onButton(hook_name, switchOn),
  );
}

const COLUMNS = [
  { text: 'Hook' },
  { text: 'Event' },
  ...['Runs', 'Denied', 'Failed', 'Duplicates', 'P50', 'P95', 'P99', 'Max', 'Total'].map(
    (text) => ({
      text,
      isNumber: true,
    }),
  ),
  { text: 'Switch' },
];

function rateCell(rate, tone) {
  const meter = el('span', { class: `meter ${tone}`, 'aria-hidden': 'true' }, el('span', {}));
  // Set by script: the content security policy of this page forbids style attributes.
  meter.firstChild.style.width = `${Math.min((rate ?? 0) * 100, 100)}%`;
  return el('td', { class: 'number' }, format.percent(rate), meter);
}

/** How often a hook was skipped on an event where it could have refused. */
function skippedNote(skipped, { hook_name: name, event_type: event }) {
  const found = skipped.filter((one) => one.hook_name === name && one.event_type === event);
  const count = found.reduce((sum, one) => sum + one.count, 0);
  if (count === 0) return undefined;
  return el(
    'span',
    { class: 'error' },
    `skipped ${count === 1 ? 'once' : `${count} times`}, so it refused nothing`,
  );
}

export function showHooks({ metrics, gates, policy, skipped_guards: skipped }, actions) {
  if (metrics === null) return;
  const states = new Map(gates.map(({ hook_name, state }) => [hook_name, state]));
  const rows = metrics.hooks.map((hook) => {
    const { hook_name: name } = hook;
    const state = states.get(name);
    const isProtected = ['*', name].some((one) => policy.protected_hooks.includes(one));
    const offSwitch = isProtected ? 'protected' : offButton(name, actions.switchOff);
    const button = state ? onButton(name, actions.switchOn) : offSwitch;
    return el(
      'tr',
      { 'data-key': JSON.stringify([name, hook.event_type, state === undefined]) },
      el('th', { scope: 'row' }, name, skippedNote(skipped, hook)),
      el('td', {}, format.text(hook.event_type)),
      el('td', { class: 'number' }, format.count(hook.runs)),
      el('td', { class: 'number' }, format.count(hook.denied)),
      rateCell(hook.failure_rate, 'bad'),
      rateCell(hook.dedupe_rate, 'cool'),
      ...['p50_ms', 'p95_ms', 'p99_ms', 'max_ms', 'total_ms'].map((key) =>
        el('td', { class: 'number' }, format.ms(hook[key])),
      ),
      el('td', {}, button),
    );
  });
  const table = byId('hooks-table');
  if (replaceAroundFocus(table, rows)) return;
  fill(
    table,
    el(
      'caption',
      {},
      'Executions in the time range; the hook with the longest total time comes first',
    ),
    headings(COLUMNS),
    el('tbody', {}, ...rows),
  );
}

/**
 * Replaces the rows of a table, but keeps the cell with the focused button, which would lose the focus.
 * @returns false if there is no such cell
 */
function replaceAroundFocus(table, rows) {
  const cell = table.contains(document.activeElement) && document.activeElement.closest('td');
  if (!cell) return false;
  const row = cell.parentElement;
  const at = rows.findIndex(({ dataset }) => dataset.key === row.dataset.key);
  if (at === -1) return false;
  for (const other of [...row.parentElement.rows]) if (other !== row) other.remove();
  for (const other of [...row.cells]) if (other !== cell) other.remove();
  row.before(...rows.slice(0, at));
  row.after(...rows.slice(at + 1));
  cell.before(...[...rows[at].cells].slice(0, -1));
  return true;
}
