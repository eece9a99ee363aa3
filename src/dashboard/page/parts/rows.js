import { addressOf } from '../address.js';
import { el, headings } from '../dom.js';
import * as format from '../format.js';
import { go } from '../router.js';

const COLUMNS = [
  { text: 'Time', class: 'col-time' },
  { text: 'Result', class: 'col-result' },
  { text: 'Hook', class: 'col-hook' },
  { text: 'Event', class: 'col-event' },
  { text: 'Project', class: 'col-project' },
  { text: 'Call and what the hook said', class: 'col-what' },
  { text: 'Took', class: 'col-took number' },
];

/** The headings of a list of executions. */
export const rowHeadings = () => headings(COLUMNS);

/** The consequence of skipping a guard. */
export const DID_NOT_RUN = 'did not run, so it refused nothing';

/** A row with a text only. */
export const noRow = (text) =>
  el('tr', { class: 'none' }, el('td', { colspan: COLUMNS.length }, text));

/** The field of a row that a filter is about. */
const FIELDS = {
  hook: 'hook_name',
  event: 'event_type',
  status: 'status',
  decision: 'decision',
  project: 'project',
  agent: 'agent',
};

/** A filter for several statuses; the daemon knows them too. */
const GROUPS = { failed: ['error', 'timeout'], skipped: ['dedupe_skip', 'breaker_skip'] };

/** Whether a row matches the filters; the daemon filters recorded rows in the same way. */
export function matches(row, filters) {
  const isWanted = (name) => {
    const wanted = filters[name];
    const value = row[FIELDS[name]];
    if (wanted === '' || wanted === value) return true;
    return name === 'status' && (GROUPS[wanted]?.includes(value) ?? false);
  };
  return Object.keys(FIELDS).every(isWanted) && (row.session_id ?? '').startsWith(filters.session);
}

const DECIDED = {
  deny: ['refused', 'denied'],
  stop: ['refused', 'stopped'],
  ask: ['asked', 'asked'],
  defer: ['asked', 'deferred'],
};
const ENDED = {
  error: ['failed', 'failed'],
  timeout: ['failed', 'timeout'],
  blocked: ['refused', 'blocked'],
  dedupe_skip: ['skipped', 'duplicate'],
  breaker_skip: ['skipped', 'skipped'],
  success: ['ok', 'ok'],
};

/** What became of an execution: a tone, and a word. */
export function resultOf({ status, decision, guard_skipped: isSkippedGuard }) {
  if (isSkippedGuard === 1) return { tone: 'failed', word: 'not run' };
  const isFailure = status === 'error' || status === 'timeout';
  const [tone, word] = (isFailure ? undefined : DECIDED[decision]) ??
    ENDED[status] ?? ['ok', status];
  return { tone, word };
}

/** A dot with a shape of its own for each tone, and the word, which only a screen reader needs where all is well. */
export function resultMark(row) {
  const { tone, word } = resultOf(row);
  return el(
    'span',
    { class: `result ${tone}` },
    el('i', { class: 'dot', 'aria-hidden': 'true' }),
    el('span', { class: tone === 'ok' ? 'hidden' : undefined }, word),
  );
}

/** What the hook said, in one line: why it refused, or how it failed. */
export function saysOf(row) {
  if (row.guard_skipped === 1) return DID_NOT_RUN;
  const { tone } = resultOf(row);
  if (tone === 'failed')
    return row.error ?? (row.exit_code === null ? '' : `exit code ${row.exit_code}`);
  const reason = row.decision_reason ?? row.error ?? '';
  return reason.trim().replace(/\s*\n\s*/g, ' · ');
}

/** One execution in a list: a line. */
export function rowOf(row, isNew = false) {
  const { tone } = resultOf(row);
  const says = saysOf(row);
  const call = row.call ?? row.tool_name ?? '';
  const name = row.hook_name;
  return el(
    'tr',
    { class: `${tone}${isNew ? ' new' : ''}`, 'data-id': row.id },
    el(
      'td',
      { class: 'col-time' },
      el(
        'a',
        { href: addressOf('execution', String(row.id)) },
        el(
          'time',
          { datetime: row.created_at, title: row.created_at },
          format.moment(row.created_at),
        ),
      ),
    ),
    el('td', { class: 'col-result' }, resultMark(row)),
    el(
      'th',
      { scope: 'row', class: 'col-hook' },
      el('a', { href: hookAddress(row), title: name }, name),
    ),
    el('td', { class: 'col-event', title: row.event_type }, format.text(row.event_type)),
    el(
      'td',
      { class: 'col-project', title: row.project },
      row.project ? format.baseName(row.project) : '',
    ),
    el(
      'td',
      { class: 'col-what' },
      el(
        'div',
        {},
        call === '' ? undefined : el('span', { class: 'call', title: call }, call),
        says === '' ? undefined : el('span', { class: 'says', title: says }, says),
      ),
    ),
    el('td', { class: 'col-took number' }, format.ms(row.duration_ms)),
  );
}

/** The page of a hook on the event of this row. */
export const hookAddress = ({ hook_name: name, event_type: event }) =>
  addressOf('hook', name, { event: event ?? '' });

/** A click anywhere in a row of this table opens the execution, as its time does. */
export function openOnClick(table) {
  table.addEventListener('click', ({ target }) => {
    const id = target.closest('tr')?.dataset.id;
    const isText = String(getSelection()) !== '';
    if (id !== undefined && !isText && !target.closest('a, button')) go(addressOf('execution', id));
  });
}
