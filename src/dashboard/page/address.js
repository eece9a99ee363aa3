/*
 * The address of a view: `#/VIEW/SUBJECT?FILTERS` (docs/dashboard.md has the table). It is behind the `#`, so the daemon
 * never sees it, and a bookmark or a shared address opens the same view.
 */
export const RANGES = ['1h', '24h', '7d', '30d'];
const DEFAULT_RANGE = '24h';
const VIEWS = ['overview', 'feed', 'sessions', 'hook', 'session', 'execution'];
/** Views that show one thing, which the address names. */
const HAS_SUBJECT = new Set(['hook', 'session', 'execution']);
const FILTERS = ['hook', 'event', 'status', 'decision', 'agent', 'project', 'session', 'sort'];

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * What an address asks for: `view`, `subject` (the name of the hook, the id of the session or the execution), `range`,
 * and each filter, empty if it is not set. An address that names no view is the overview.
 */
export function readAddress(hash = location.hash) {
  const [, path, query = ''] = /^#\/([^?]*)(?:\?(.*))?$/s.exec(hash) ?? [undefined, ''];
  const at = path.indexOf('/');
  const view = at === -1 ? path : path.slice(0, at);
  const subject = at === -1 ? '' : decoded(path.slice(at + 1));
  const given = new URLSearchParams(query);
  const range = given.get('range') ?? '';
  const filters = Object.fromEntries(FILTERS.map((name) => [name, given.get(name) ?? '']));
  const isKnown = VIEWS.includes(view) && HAS_SUBJECT.has(view) === (subject !== '');
  return {
    view: isKnown ? view : 'overview',
    subject: isKnown ? subject : '',
    range: RANGES.includes(range) ? range : DEFAULT_RANGE,
    ...filters,
  };
}

/** The address of a view; the range stays as it is unless another is given. */
export function addressOf(view, subject = '', filters = {}) {
  const { range = readAddress().range, ...others } = filters;
  const query = new URLSearchParams();
  if (range !== DEFAULT_RANGE) query.set('range', range);
  for (const name of FILTERS) if (others[name]) query.set(name, others[name]);
  const path = subject === '' ? view : `${view}/${encodeURIComponent(subject)}`;
  const text = String(query);
  return `#/${path === 'overview' ? '' : path}${text === '' ? '' : `?${text}`}`;
}

/** The address of what is shown now, with some filters changed. */
export function changedAddress(changes, { view, subject, ...filters } = readAddress()) {
  return addressOf(view, subject, { ...filters, ...changes });
}
