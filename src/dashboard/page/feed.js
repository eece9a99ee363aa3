import { getJson } from './api.js';
import { byId, fillSelect, throttled } from './dom.js';
import * as format from './format.js';
import { createList, MAX_ROWS } from './views/list.js';
import { matches } from './views/rows.js';

const DECISIONS = ['deny', 'ask', 'defer', 'allow', 'stop', 'none'];
const STATUSES = ['success', 'blocked', 'error', 'timeout', 'dedupe_skip', 'breaker_skip'];

const form = byId('filters');
const filters = () => Object.fromEntries(new FormData(form));

/** The executions that match the current filters. */
const wanted = (rows) => rows.filter((row) => matches(row, filters()));

/**
 * Sends one query at a time; a new one aborts the last.
 * @returns null on failure, undefined if a newer query replaced this one
 */
function createQuery(onProblem) {
  let request = new AbortController();
  return async (query) => {
    request.abort();
    const mine = new AbortController();
    request = mine;
    try {
      return await getJson('/api/executions', query, mine.signal);
    } catch (error) {
      if (mine !== request) return undefined;
      onProblem(error);
      return null;
    }
  };
}

function wireUp(load, loadOlder) {
  form.addEventListener(
    'input',
    throttled(150, () => void load()),
  );
  // The fields are only empty after the event.
  form.addEventListener('reset', () => setTimeout(load));
  form.addEventListener('submit', (event) => event.preventDefault());
  byId('older').addEventListener('click', () => void loadOlder());
}

function showMissed(count) {
  const note = byId('feed-note');
  note.textContent = `${format.count(count)} executions came in too fast to list them; the charts include them.`;
  note.hidden = false;
}

/** Sets the choices of the filters. */
function fillFilters({ hookNames, eventTypes, projects, agents }) {
  fillSelect(form.elements.hook, 'all', hookNames);
  fillSelect(form.elements.event, 'all', eventTypes);
  fillSelect(form.elements.project, 'all', projects);
  fillSelect(form.elements.agent, 'all', agents);
}

/** The list of executions, the newest at the top. */
export function createFeed({ rangeNow, onProblem }) {
  const list = createList();
  const pause = createPause({
    onResume: (rows) => list.add(wanted(rows)),
    onTooMany: () => void load(),
  });
  const query = createQuery(onProblem);
  const ask = (before) => query({ ...filters(), range: rangeNow(), before });
  /** Executions that came in since the list was requested; undefined if no request is running. */
  let incoming;
  fillSelect(form.elements.status, 'all', STATUSES);
  fillSelect(form.elements.decision, 'all', DECISIONS);

  async function load() {
    incoming = [];
    const found = await ask(null);
    if (found === undefined) return;
    const came = incoming;
    incoming = undefined;
    if (found === null) return;
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
    const found = await ask(list.end());
    list.keepEnd(false);
    if (found) list.append(found);
  }

  function take(rows) {
    if (rows.length === 0 || pause.keeps(rows)) return;
    const these = wanted(rows);
    if (these.length > 0) list.add(these);
  }

  wireUp(load, loadOlder);
  return {
    load,
    redate: list.redate,
    add(rows) {
      if (incoming !== undefined) incoming = [...incoming, ...rows];
      take(rows);
    },
    offer: fillFilters,
    missed: showMissed,
  };
}

/**
 * A button that holds new executions back until it is pressed again. It keeps all of them, since the filters may change.
 * @param onTooMany called if more came in than are kept
 */
function createPause({ onResume, onTooMany }) {
  const button = byId('pause');
  let isPaused = false;
  let kept = [];
  let isTooMuch = false;
  const show = () => {
    const count = isTooMuch ? `more than ${MAX_ROWS}` : wanted(kept).length;
    button.setAttribute('aria-pressed', String(isPaused));
    button.textContent = isPaused ? `Resume (${count} new)` : 'Pause';
  };
  const forget = () => {
    kept = [];
    isTooMuch = false;
    show();
  };
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    if (!isPaused && isTooMuch) onTooMany();
    else if (!isPaused) onResume(kept);
    forget();
  });
  return {
    forget,
    /** @returns whether it kept them */
    keeps(rows) {
      if (!isPaused) return false;
      kept = [...kept, ...rows];
      isTooMuch ||= kept.length > MAX_ROWS;
      if (isTooMuch) kept = [];
      show();
      return true;
    },
  };
}
