import { byId, el, fill, throttled } from '../dom.js';
import * as format from '../format.js';
import { noRow, openOnClick, rowHeadings, rowOf } from './rows.js';

/** The maximum number of rows, unless the user loads more; a browser is slow with many. */
export const MAX_ROWS = 400;

/** The minimum time between announcements to screen readers. */
const ANNOUNCE_MS = 5000;

/** The cursor of a list that ends with this row; the next page starts below it. */
const cursorAt = (createdAt, id) => ({ createdAt, id, text: `${createdAt} ${id}` });

const isNewer = (one, other) =>
  one.createdAt > other.createdAt || (one.createdAt === other.createdAt && one.id > other.id);

/**
 * Removes rows at the end until there is room.
 * @returns the new end of the list. Rows come in the order of their end but are queried by their start, so the end is
 * above every removed row
 */
function trim(body, room, end) {
  let newest = end;
  while (body.rows.length > room) {
    const row = body.lastElementChild;
    const at = cursorAt(row.querySelector('time').dateTime, Number(row.dataset.id) + 1);
    row.remove();
    if (newest === null || isNewer(at, newest)) newest = at;
  }
  return newest;
}

let day = format.today();

/** Adds the date to times that are no longer of today. */
function redate(body) {
  const today = format.today();
  if (today === day) return;
  day = today;
  for (const time of body.querySelectorAll('time')) time.textContent = format.moment(time.dateTime);
}

const NONE = 'No matching execution in the time range.';
const NONE_YET = 'No match among the newest executions; load older ones with the button below.';

/** The table of executions. */
export function createList() {
  const body = el('tbody', {});
  const caption = el('caption', { class: 'hidden' }, 'Executions, newest first');
  let unannounced = 0;
  /** Rows that the user loaded stay, however many come in. */
  let room = MAX_ROWS;
  /** The cursor at the end of the list; null if the list is complete. */
  let end = null;
  fill(byId('feed-table'), caption, rowHeadings(), body);
  openOnClick(byId('feed-table'));

  const announce = throttled(ANNOUNCE_MS, () => {
    byId('feed-news').textContent = `${unannounced} new executions`;
    unannounced = 0;
  });

  function endAt(cursor) {
    end = cursor;
    byId('older').hidden = end === null;
  }

  return {
    redate: () => redate(body),
    clear() {
      fill(body);
      room = MAX_ROWS;
    },
    /** Keeps the end of the list while older rows are loading. */
    keepEnd(isKept) {
      room = isKept ? Number.POSITIVE_INFINITY : Math.max(MAX_ROWS, body.rows.length);
    },
    end: () => end?.text ?? null,
    append({ rows, next }) {
      body.querySelector('.none')?.remove();
      const known = new Set([...body.rows].map(({ dataset }) => dataset.id));
      body.append(...rows.filter(({ id }) => !known.has(String(id))).map((row) => rowOf(row)));
      room = Math.max(MAX_ROWS, body.rows.length);
      const [createdAt, id] = next?.split(' ') ?? [];
      endAt(next === null ? null : cursorAt(createdAt, Number(id)));
      if (body.rows.length === 0) body.append(noRow(next === null ? NONE : NONE_YET));
    },
    /** Adds rows at the top; they come in the order in which they ended. */
    add(rows) {
      body.querySelector('.none')?.remove();
      const known = new Set([...body.rows].map(({ dataset }) => dataset.id));
      const added = rows.filter(({ id }) => !known.has(String(id)));
      body.prepend(...added.reverse().map((row) => rowOf(row, true)));
      endAt(trim(body, room, end));
      unannounced += added.length;
      if (unannounced > 0) announce();
    },
  };
}
