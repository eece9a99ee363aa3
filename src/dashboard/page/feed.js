import { getJson } from './api.js';
import { byId, fillSelect, throttled } from './dom.js';
import * as format from './format.js';
import { createList, MAX_ROWS } from './views/list.js';
import { matches } from './views/rows.js';

const STATUSES = ['success', 'blocked', 'error', 'timeout', 'dedupe_skip', 'breaker_skip'];

const form = byId('filters');
const filters = () => Object.fromEntries(new FormData(form));

/** Of executions that came in, those that the filters let through now. */
const wanted = (rows) => rows.filter((row) => matches(row, filters()));

/**
 * Asks one question at a time, the last one.
 * @returns null where it went wrong, undefined where another one took its place
 */
function createAsking(onProblem) {
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
  // The fields are empty only once the event is over.
  form.addEventListener('reset', () => setTimeout(load));
  form.addEventListener('submit', (event) => event.preventDefault());
  byId('older').addEventListener('click', () => void loadOlder());
}

function showMissed(count) {
  const note = byId('feed-note');
  note.textContent = `${format.count(count)} executions came in too fast to be listed; the charts have them.`;
  note.hidden = false;
}

/** The list of executions that grows at its top. */
export function createFeed({ rangeNow, onProblem }) {
  const list = createList();
  const pause = createPause({
    onGoOn: (rows) => list.add(wanted(rows)),
    onTooMany: () => void load(),
  });
  const asking = createAsking(onProblem);
  const ask = (before) => asking({ ...filters(), range: rangeNow(), before });
  /** What came in since the list was asked for anew; undefined where it is not. */
  let meanwhile;
  fillSelect(form.elements.status, 'all', STATUSES);

  async function load() {
    meanwhile = [];
    const found = await ask(null);
    if (found === undefined) return;
    const came = meanwhile;
    meanwhile = undefined;
    if (found === null) return;
    list.clear();
    pause.forget();
    byId('feed-note').hidden = true;
    list.append(found);
    const known = new Set(found.rows.map(({ id }) => id));
    take(came.filter(({ id }) => !known.has(id)));
  }

  async function loadOlder() {
    // What is on its way has another end.
    if (meanwhile !== undefined) return;
    list.holdOn(true);
    const found = await ask(list.end());
    list.holdOn(false);
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
      if (meanwhile !== undefined) meanwhile = [...meanwhile, ...rows];
      take(rows);
    },
    /** What the filters offer. */
    offer(hookNames, eventTypes) {
      fillSelect(form.elements.hook, 'all', hookNames);
      fillSelect(form.elements.event, 'all', eventTypes);
    },
    missed: showMissed,
  };
}

/**
 * A button that holds back what comes in until it is pressed again. All of it is kept, since filters may change meanwhile.
 * @param onTooMany more came than are kept
 */
function createPause({ onGoOn, onTooMany }) {
  const button = byId('pause');
  let isPaused = false;
  let kept = [];
  let isTooMuch = false;
  const show = () => {
    const count = isTooMuch ? `more than ${MAX_ROWS}` : wanted(kept).length;
    button.setAttribute('aria-pressed', String(isPaused));
    button.textContent = isPaused ? `Go on (${count} new)` : 'Pause';
  };
  const forget = () => {
    kept = [];
    isTooMuch = false;
    show();
  };
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    if (!isPaused && isTooMuch) onTooMany();
    else if (!isPaused) onGoOn(kept);
    forget();
  });
  return {
    forget,
    /** @returns whether it did */
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
