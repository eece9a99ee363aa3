import { getJson } from './api.js';
import { byId, el, fill, fillSelect, headings, throttled } from './dom.js';
import * as format from './format.js';
import { COLUMNS, matches, noRow, rowOf } from './rows.js';

/** Rows that are on the page at once; a browser gets slow with many more. */
const MOST_ROWS = 400;
const STATUSES = ['success', 'blocked', 'error', 'timeout', 'dedupe_skip', 'breaker_skip'];

/** A screen reader says at most every so many ms what came in. */
const SAY_MS = 5000;

const form = byId('filters');
const filters = () => Object.fromEntries(new FormData(form));

/** The list of executions that grows at its top. */
export function createFeed({ rangeNow, onProblem }) {
  const list = createList();
  const pause = createPause(list.add);
  let next = null;
  let request = new AbortController();
  fillSelect(form.elements.status, 'all', STATUSES);

  async function load(before = null) {
    request.abort();
    request = new AbortController();
    try {
      const query = { ...filters(), range: rangeNow(), before };
      const found = await getJson('/api/executions', query, request.signal);
      if (before === null) list.clear();
      list.append(found);
      next = found.next;
      byId('older').hidden = next === null;
    } catch (error) {
      if (error.name !== 'AbortError') onProblem(error);
    }
  }

  form.addEventListener(
    'input',
    throttled(150, () => void load()),
  );
  // The fields are empty only once the event is over.
  form.addEventListener('reset', () => setTimeout(load));
  form.addEventListener('submit', (event) => event.preventDefault());
  byId('older').addEventListener('click', () => void load(next));

  return {
    load: () => load(),
    add(rows) {
      const wanted = rows.filter((row) => matches(row, filters()));
      if (wanted.length > 0 && !pause.keeps(wanted)) list.add(wanted);
    },
    /** What the filters offer. */
    offer(hookNames, eventTypes) {
      fillSelect(form.elements.hook, 'all', hookNames);
      fillSelect(form.elements.event, 'all', eventTypes);
    },
    missed(count) {
      const note = byId('feed-note');
      note.textContent = `${format.count(count)} executions came in too fast to be listed; the charts have them.`;
      note.hidden = false;
    },
  };
}

function createList() {
  const body = el('tbody', {});
  const caption = el('caption', {}, 'Executions, the newest first');
  let unsaid = 0;
  fill(byId('feed-table'), caption, headings(COLUMNS), body);

  const say = throttled(SAY_MS, () => {
    byId('feed-news').textContent = `${unsaid} new executions`;
    unsaid = 0;
  });

  return {
    clear: () => fill(body),
    append({ rows, next }) {
      body.querySelector('.none')?.remove();
      const known = new Set([...body.rows].map(({ dataset }) => dataset.id));
      body.append(...rows.filter(({ id }) => !known.has(String(id))).map((row) => rowOf(row)));
      if (body.rows.length === 0) body.append(noRow(next));
    },
    /** Puts these on top; they come in the order in which they ended. */
    add(rows) {
      body.querySelector('.none')?.remove();
      const known = new Set([...body.rows].map(({ dataset }) => dataset.id));
      const added = rows.slice(-MOST_ROWS).filter(({ id }) => !known.has(String(id)));
      body.prepend(...added.reverse().map((row) => rowOf(row, true)));
      while (body.rows.length > MOST_ROWS) body.lastElementChild.remove();
      unsaid += added.length;
      if (unsaid > 0) say();
    },
  };
}

/** A button that holds back what comes in until it is pressed again. */
function createPause(onward) {
  const button = byId('pause');
  let isPaused = false;
  let kept = [];
  const show = () => {
    button.setAttribute('aria-pressed', String(isPaused));
    button.textContent = isPaused ? `Go on (${kept.length} new)` : 'Pause';
  };
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    const came = kept;
    kept = [];
    if (!isPaused) onward(came);
    show();
  });
  return {
    /** @returns whether it did */
    keeps(rows) {
      if (isPaused) kept = [...kept, ...rows].slice(-MOST_ROWS);
      if (isPaused) show();
      return isPaused;
    },
  };
}
