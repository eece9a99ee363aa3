import { changedAddress } from '../address.js';
import { getJson } from '../api.js';
import { byId, fillSelect } from '../dom.js';
import * as format from '../format.js';
import { createList } from '../parts/list.js';
import { createPause } from '../parts/pause.js';
import { matches } from '../parts/rows.js';
import { go } from '../router.js';

/** The groups come first; the daemon knows them too. */
const STATUSES = [
  ...['failed', 'skipped'],
  ...['success', 'blocked', 'error', 'timeout', 'dedupe_skip', 'breaker_skip'],
];
const DECISIONS = ['deny', 'ask', 'defer', 'allow', 'stop', 'none'];

const form = byId('filters');
const list = createList();

/** What the list shows; undefined until the view is opened for the first time. The list stays live behind other views. */
let params;
/** Executions that came in since the list was requested; undefined if no request is running. */
let incoming;
let request = new AbortController();

const wanted = (rows) => rows.filter((row) => matches(row, params));

const pause = createPause({
  count: (rows) => wanted(rows).length,
  onResume: (rows) => list.add(wanted(rows)),
  onTooMany: () => void load(),
});

/** One query at a time; a new one aborts the last. @returns undefined if a newer query replaced this one */
async function query(before) {
  request.abort();
  const mine = new AbortController();
  request = mine;
  const { range, hook, event, status, decision, project, agent, session } = params;
  const filters = { range, hook, event, status, decision, project, agent, session, before };
  try {
    return await getJson('/api/executions', filters, mine.signal);
  } catch (error) {
    if (mine !== request) return undefined;
    throw error;
  }
}

async function load() {
  incoming = [];
  let found;
  try {
    found = await query(null);
  } catch (error) {
    incoming = undefined;
    throw error;
  }
  if (found === undefined) return;
  const came = incoming;
  incoming = undefined;
  list.clear();
  pause.forget();
  byId('feed-note').hidden = true;
  list.append(found);
  const known = new Set(found.rows.map(({ id }) => id));
  take(came.filter(({ id }) => !known.has(id)));
}

async function loadOlder() {
  // The list that is loading will have another end.
  if (incoming !== undefined) return;
  list.keepEnd(true);
  const found = await query(list.end()).finally(() => list.keepEnd(false));
  if (found) list.append(found);
}

function take(rows) {
  if (rows.length === 0 || pause.keeps(rows)) return;
  const these = wanted(rows);
  if (these.length > 0) list.add(these);
}

/** Sets the fields to the filters of the address, but not the field that the user types in. */
function showFilters(filters) {
  for (const field of form.querySelectorAll('select, input')) {
    const value = filters[field.name];
    if (field.tagName === 'SELECT' && ![...field.options].some((option) => option.value === value))
      field.append(new Option(value, value));
    if (field.value !== value) field.value = value;
  }
}

export async function show(asked) {
  showFilters(asked);
  if (JSON.stringify(asked) === JSON.stringify(params)) return;
  params = asked;
  await load();
}

export function hide() {}

/** Hooks and projects may be new. */
export async function refresh() {
  list.redate();
  offer(await getJson('/api/choices'));
}

/** Executions came in. */
export function add({ rows, missed }, isCatchingUp) {
  if (params === undefined) return;
  // After a reconnect, reload the list instead of reporting missed executions.
  if (missed > 0 && isCatchingUp) reload();
  else if (missed > 0) showMissed(missed);
  if (incoming !== undefined) incoming = [...incoming, ...rows];
  take(rows);
}

/** What is listed may be wrong. The view reports an error when the user opens it. */
export function reload() {
  if (params !== undefined) load().catch(() => undefined);
}

function showMissed(count) {
  const note = byId('feed-note');
  note.textContent = `${format.count(count)} executions came in too fast to list them; the charts include them.`;
  note.hidden = false;
}

/** Sets the choices of the filters. */
export function offer({ hooks, events, projects, agents }) {
  const choices = { hook: hooks, event: events, project: projects, agent: agents };
  for (const [name, values] of Object.entries(choices))
    fillSelect(
      form.elements[name],
      `any ${name}`,
      values,
      name === 'project' ? format.baseName : undefined,
    );
}

fillSelect(form.elements.status, 'any status', STATUSES, (status) => status.replace('_', ' '));
fillSelect(form.elements.decision, 'any decision', DECISIONS);
form.addEventListener('input', ({ target }) =>
  go(changedAddress({ [target.name]: target.value }), target.tagName === 'INPUT'),
);
form.addEventListener('reset', (event) => {
  event.preventDefault();
  const none = [...form.querySelectorAll('select, input')].map(({ name }) => [name, '']);
  go(changedAddress(Object.fromEntries(none)));
});
form.addEventListener('submit', (event) => event.preventDefault());
byId('older').addEventListener('click', () => {
  loadOlder().catch(({ message }) => {
    byId('problem').textContent = message;
    byId('problem').hidden = false;
  });
});
