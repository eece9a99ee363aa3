import { addressOf } from '../address.js';
import { el } from '../dom.js';
import * as format from '../format.js';

export const COLUMNS = [
  ...['Started', 'Hook', 'Event', 'Tool', 'Status', 'Decision', 'Exit'].map((text) => ({ text })),
  { text: 'Took', isNumber: true },
  { text: 'Overhead', isNumber: true },
  { text: 'Session' },
];

/** The consequence of skipping a guard. */
export const DID_NOT_RUN = 'did not run, so it refused nothing';

/** The text of an empty list. */
export function noRow(next) {
  const text =
    next === null
      ? 'No matching execution in the time range.'
      : 'No match among the newest executions; load older ones with the button below.';
  return el('tr', { class: 'none' }, el('td', { colspan: COLUMNS.length }, text));
}

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

/** One execution in a list. */
export function rowOf(row, isNew = false) {
  return el(
    'tr',
    { class: isNew ? 'new' : undefined, 'data-id': row.id },
    el('td', {}, el('time', { datetime: row.created_at }, format.moment(row.created_at))),
    el(
      'th',
      { scope: 'row' },
      el('a', { href: addressOf('execution', String(row.id)) }, row.hook_name),
    ),
    el('td', {}, format.text(row.event_type)),
    el('td', {}, format.text(row.tool_name)),
    el(
      'td',
      {},
      statusBadge(row.status),
      row.guard_skipped === 1 ? el('strong', { class: 'error' }, DID_NOT_RUN) : undefined,
      row.error && row.error !== row.decision_reason
        ? el('span', { class: 'error' }, row.error)
        : undefined,
    ),
    el(
      'td',
      {},
      decisionBadge(row.decision) ?? format.text(null),
      row.decision_reason ? el('span', { class: 'error' }, row.decision_reason) : undefined,
    ),
    el('td', {}, format.exit(row)),
    el('td', { class: 'number' }, format.ms(row.duration_ms)),
    el('td', { class: 'number' }, format.ms(row.overhead_ms)),
    el('td', {}, sessionLink(row.session_id)),
  );
}

function sessionLink(id) {
  if (!id) return format.text(id);
  return el(
    'a',
    { href: addressOf('session', id), title: id },
    id.length > 8 ? `${id.slice(0, 8)}…` : id,
  );
}

/** Undefined if the hook decided nothing, or nobody knows. */
export function decisionBadge(decision) {
  if (!decision || decision === 'none') return undefined;
  return el('span', { class: `badge decision-${decision}` }, decision);
}

export function statusBadge(status) {
  return el('span', { class: `badge status-${status}` }, status.replace('_', ' '));
}
