import { byId, el, fill, headings, throttled } from '../dom.js';
import * as format from '../format.js';
import { COLUMNS, noRow, rowOf } from './rows.js';

/** Rows that are on the page at once, if nobody asks for more; a browser gets slow with many. */
export const MAX_ROWS = 400;

/** A screen reader says at most every so many ms what came in. */
const SAY_MS = 5000;

/** Where a list goes on that ends with this row; the next page begins below. */
const cursorAt = (createdAt, id) => ({ createdAt, id, text: `${createdAt} ${id}` });

const isHigher = (one, other) =>
  one.createdAt > other.createdAt || (one.createdAt === other.createdAt && one.id > other.id);

/**
 * Takes rows out at the end until there is room.
 * @returns where the list ends now. Rows come as they end and are asked for as they began, so that is above all of them.
 */
function trim(body, room, end) {
  let highest = end;
  while (body.rows.length > room) {
    const row = body.lastElementChild;
    const at = cursorAt(row.querySelector('time').dateTime, Number(row.dataset.id) + 1);
    row.remove();
    if (highest === null || isHigher(at, highest)) highest = at;
  }
  return highest;
}

/** The table of executions. */
export function createList() {
  const body = el('tbody', {});
  const caption = el('caption', {}, 'Executions, the newest first');
  let unsaid = 0;
  let day = format.today();
  /** What somebody asked for stays, however many come in. */
  let room = MAX_ROWS;
  /** What is above it is in the list; null where all is. */
  let end = null;
  fill(byId('feed-table'), caption, headings(COLUMNS), body);

  const say = throttled(SAY_MS, () => {
    byId('feed-news').textContent = `${unsaid} new executions`;
    unsaid = 0;
  });

  function endAt(cursor) {
    end = cursor;
    byId('older').hidden = end === null;
  }

  return {
    /** Says the day before times once they are of yesterday. */
    redate() {
      const today = format.today();
      if (today === day) return;
      day = today;
      for (const time of body.querySelectorAll('time'))
        time.textContent = format.moment(time.dateTime);
    },
    clear() {
      fill(body);
      room = MAX_ROWS;
    },
    /** While older ones are on their way, the end stays where they begin. */
    holdOn(isHeld) {
      room = isHeld ? Number.POSITIVE_INFINITY : Math.max(MAX_ROWS, body.rows.length);
    },
    end: () => end?.text ?? null,
    append({ rows, next }) {
      body.querySelector('.none')?.remove();
      const known = new Set([...body.rows].map(({ dataset }) => dataset.id));
      body.append(...rows.filter(({ id }) => !known.has(String(id))).map((row) => rowOf(row)));
      room = Math.max(MAX_ROWS, body.rows.length);
      const [createdAt, id] = next?.split(' ') ?? [];
      endAt(next === null ? null : cursorAt(createdAt, Number(id)));
      if (body.rows.length === 0) body.append(noRow(next));
    },
    /** Puts these on top; they come in the order in which they ended. */
    add(rows) {
      body.querySelector('.none')?.remove();
      const known = new Set([...body.rows].map(({ dataset }) => dataset.id));
      const added = rows.filter(({ id }) => !known.has(String(id)));
      body.prepend(...added.reverse().map((row) => rowOf(row, true)));
      endAt(trim(body, room, end));
      unsaid += added.length;
      if (unsaid > 0) say();
    },
  };
}
