import { addressOf } from '../address.js';
import { getJson } from '../api.js';
import { byId, el, fill, headings } from '../dom.js';
import * as format from '../format.js';
import { decisionBadge, statusBadge } from '../parts/rows.js';
import { layOutSession } from '../parts/waterfall.js';

const WATERFALL = [
  { text: 'Tool call and hooks' },
  { text: 'Started' },
  { text: 'Status' },
  { text: 'Took', isNumber: true },
  { text: 'When' },
];

export const show = ({ subject }) => showWaterfall(subject);

export function hide() {}

/** @param before the cursor of older executions to load */
async function showWaterfall(id, before = null) {
  const { rows, next } = await getJson('/api/session', { id, before });
  const calls = layOutSession(rows);
  byId('waterfall-title').textContent =
    `Session ${id}: ${calls.length} tool calls and events, ${rows.length} executions`;
  const older = byId('waterfall-older');
  older.hidden = next === null;
  older.onclick = () => void showWaterfall(id, next);
  fill(byId('waterfall-table'), headings(WATERFALL), ...calls.map(callBody));
}

function callBody({ label, key, bars, pauses, totalMs }) {
  const heading = el(
    'tr',
    { class: 'call' },
    el('th', { scope: 'rowgroup' }, label, el('span', { class: 'note' }, ` ${key}`)),
    el('td', {}, format.moment(bars[0].row.created_at)),
    el('td', {}, ''),
    el('td', { class: 'number' }, format.ms(totalMs)),
    el('td', {}, ''),
  );
  return el('tbody', {}, heading, ...bars.map((bar) => barRow(bar, pauses)));
}

function barRow({ row, left, width }, pauses) {
  const track = el('div', { class: 'track' });
  for (const at of pauses) track.append(placed(el('span', { class: 'pause' }), at));
  const bar = placed(
    el('span', { class: `span status-${row.status} decision-${row.decision}` }),
    left,
  );
  bar.style.width = `${width * 100}%`;
  track.append(bar);
  return el(
    'tr',
    {},
    el(
      'th',
      { scope: 'row', class: 'hook' },
      el('a', { href: addressOf('execution', String(row.id)) }, row.hook_name),
      el('span', { class: 'note' }, ` ${row.event_type}`),
    ),
    el('td', {}, format.moment(row.created_at)),
    el('td', {}, statusBadge(row.status), ' ', decisionBadge(row.decision)),
    el('td', { class: 'number' }, format.ms(row.duration_ms)),
    el('td', { class: 'tracks', 'aria-hidden': 'true' }, track),
  );
}

/** Set by script: the content security policy of this page forbids style attributes. */
function placed(element, left) {
  element.style.left = `${left * 100}%`;
  return element;
}
