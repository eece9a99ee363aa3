import { changedAddress } from '../address.js';
import { byId, el, fill } from '../dom.js';
import * as format from '../format.js';
import { go } from '../router.js';
import { keepFocus } from './focus.js';
import { hookAddress } from './rows.js';
import { offButton, onButton } from './switch.js';

/** Details have no room on a phone. */
const ms = (key) => ({ key, show: format.ms });

/** The key is the name in the address; `of` is what to sort by. */
const COLUMNS = [
  { key: 'hook', text: 'Hook', of: ({ hook_name: name }) => name, isText: true },
  { key: 'event', text: 'Event', of: ({ event_type: event }) => event ?? '', isText: true },
  { key: 'runs', text: 'Runs', of: ({ runs }) => runs },
  { key: 'denied', text: 'Denied', of: ({ denied }) => denied, tone: 'refused' },
  {
    key: 'failed',
    text: 'Failed',
    of: ({ error, timeout }) => error + timeout,
    tone: 'failed',
    isRate: true,
  },
  {
    key: 'skipped',
    text: 'Skipped',
    of: ({ deduped, breaker_skipped: gated }) => deduped + gated,
    isDetail: true,
  },
  { text: 'P50', of: (hook) => hook.p50_ms, ...ms('p50'), isDetail: true },
  { text: 'P95', of: (hook) => hook.p95_ms, ...ms('p95') },
  { text: 'Max', of: (hook) => hook.max_ms, ...ms('max'), isDetail: true },
  { text: 'Total', of: (hook) => hook.total_ms, ...ms('total') },
];
const DEFAULT_SORT = '-total';

/** How often a hook was skipped on an event where it could have refused. */
function skippedNote(skipped, { hook_name: name, event_type: event }) {
  const found = skipped.filter((one) => one.hook_name === name && one.event_type === event);
  const count = found.reduce((sum, one) => sum + one.count, 0);
  if (count === 0) return undefined;
  return el(
    'span',
    { class: 'badge failed' },
    `skipped ${count === 1 ? 'once' : `${count} times`}, so it refused nothing`,
  );
}

function gateBadge(gate) {
  if (gate === undefined) return undefined;
  const until = format.moment(gate.until).slice(0, -3);
  return el(
    'span',
    { class: 'badge refused' },
    gate.state === 'off' ? `off until ${until}` : `breaker ${gate.state.replace('_', '-')}`,
  );
}

function cellOf({ text, of, show = format.count, tone, isRate, isDetail }, hook) {
  const value = of(hook);
  const isNothing = !value;
  const rate =
    isRate && value > 0
      ? el('span', { class: 'note rate' }, ` ${format.percent(hook.failure_rate)}`)
      : undefined;
  return el(
    'td',
    {
      class: `number ${isNothing ? 'nil' : (tone ?? '')} ${isDetail ? 'detail' : ''}`,
      'data-label': text,
    },
    show(value),
    rate,
  );
}

function switchOf({ hook_name: name }, gate, policy) {
  if (gate !== undefined) return onButton(name);
  const isProtected = ['*', name].some((one) => policy.protected_hooks.includes(one));
  return isProtected ? el('span', { class: 'note' }, 'protected') : offButton(name);
}

function rowOf(hook, columns, overview) {
  const { hook_name: name, event_type: event } = hook;
  const gate = overview.gates.find((one) => one.hook_name === name);
  return el(
    'tr',
    { 'data-key': JSON.stringify([name, event, gate === undefined]) },
    el(
      'th',
      { scope: 'row', class: 'title' },
      el('a', { href: hookAddress(hook) }, name),
      gateBadge(gate),
      skippedNote(overview.skipped_guards, hook),
    ),
    el('td', { class: 'dim subtitle' }, format.text(event)),
    ...columns.slice(2).map((column) => cellOf(column, hook)),
    el('td', { class: 'switch' }, switchOf(hook, gate, overview.policy)),
  );
}

/** By the column that the address names, `-` before it: from high to low. */
function sorted(hooks, sort) {
  const column = COLUMNS.find(({ key }) => key === sort.replace('-', ''));
  if (column === undefined) return hooks;
  const sign = sort.startsWith('-') ? -1 : 1;
  const order = (a, b) =>
    column.isText
      ? column.of(a).localeCompare(column.of(b))
      : (column.of(a) ?? 0) - (column.of(b) ?? 0);
  return [...hooks].sort((a, b) => sign * order(a, b));
}

/** What the address becomes when the user presses a heading: numbers start from high, texts from A. */
function nextSort({ key, isText }, sort) {
  const isSorted = sort.replace('-', '') === key;
  const isDown = isSorted ? !sort.startsWith('-') : !isText;
  const next = `${isDown ? '-' : ''}${key}`;
  return next === DEFAULT_SORT ? '' : next;
}

function headingOf(column, sort) {
  const { key, text, isText, isDetail } = column;
  const direction = sort.startsWith('-') ? 'descending' : 'ascending';
  const onclick = () => go(changedAddress({ sort: nextSort(column, sort) }), true);
  return el(
    'th',
    {
      scope: 'col',
      class: `${isText ? '' : 'number'} ${isDetail ? 'detail' : ''}`,
      'aria-sort': sort.replace('-', '') === key ? direction : undefined,
    },
    el('button', { type: 'button', class: 'sort', 'data-focus': `sort ${key}`, onclick }, text),
  );
}

const headingsOf = (columns, sort) =>
  el('thead', {}, el('tr', {}, ...columns.map((one) => headingOf(one, sort)), el('td', {})));

export function showHooks(overview, sort) {
  const { metrics } = overview;
  if (metrics === null) return;
  const by = sort || DEFAULT_SORT;
  const columns = COLUMNS.filter(
    ({ key, of }) => key !== 'skipped' || metrics.hooks.some((hook) => of(hook) > 0),
  );
  const rows = sorted(metrics.hooks, by).map((hook) => rowOf(hook, columns, overview));
  const none = el(
    'tr',
    { class: 'none' },
    el('td', { colspan: columns.length + 1 }, 'No hook ran in the time range.'),
  );
  const table = byId('hooks-table');
  const caption = el(
    'caption',
    { class: 'hidden' },
    'Hooks, and what their executions came to in the time range',
  );
  keepFocus(table, () =>
    fill(
      table,
      caption,
      headingsOf(columns, by),
      el('tbody', {}, ...(rows.length === 0 ? [none] : rows)),
    ),
  );
}
