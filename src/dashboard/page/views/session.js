import { addressOf } from '../address.js';
import { getJson } from '../api.js';
import { byId, el, fill, headings } from '../dom.js';
import * as format from '../format.js';
import { keepFocus } from '../parts/focus.js';
import { hookAddress, resultMark, resultOf, saysOf } from '../parts/rows.js';
import { layOutSession } from '../parts/waterfall.js';

const COLUMNS = [
  { text: 'Call and hooks' },
  { text: 'Result', class: 'result-cell' },
  { text: 'Took', class: 'number took' },
  { text: 'When', class: 'col-track' },
];

let id;
/** Executions by number: the latest, and the older ones that were loaded. */
let rows = new Map();
let older = null;
let shown;

export async function show({ subject }) {
  if (subject === id) return;
  id = subject;
  rows = new Map();
  older = null;
  shown = undefined;
  for (const name of ['session-about', 'waterfall']) byId(name).hidden = true;
  nameIt('Session', id);
  await load();
}

export function hide() {
  id = undefined;
  byId('title').removeAttribute('title');
}

/** New executions of the session. */
export const refresh = () => load();

/** @param before the cursor of older executions to load */
async function load(before = null) {
  const asked = id;
  const answer = await getJson('/api/session', { id: asked, before });
  if (asked !== id) return;
  if (before !== null || rows.size === 0) older = answer.next;
  for (const row of answer.rows) rows.set(row.id, row);
  const text = JSON.stringify([answer.executions, rows.size, older, format.today()]);
  if (text === shown) return;
  shown = text;
  keepFocus(byId('view-session'), () => draw(answer));
}

function nameIt(name, title) {
  byId('title').textContent = name;
  byId('title').title = title;
  document.title = `${name} · HookBus`;
}

/** A session is known by its project and its time; the id only tells programs apart. */
const nameOf = ({ project, first, executions }) =>
  `${project ? format.baseName(project) : 'no project'}, ${clock(first)}, ${format.things(executions, 'hook')}`;

const clock = (at) => format.moment(at).slice(0, -3);

function draw(session) {
  nameIt(nameOf(session), session.session_id);
  fill(byId('session-about'), ...aboutOf(session));
  const all = [...rows.values()].sort((a, b) =>
    a.created_at === b.created_at ? a.id - b.id : a.created_at < b.created_at ? -1 : 1,
  );
  const calls = layOutSession(all);
  const table = byId('waterfall-table');
  fill(
    table,
    el('caption', { class: 'hidden' }, 'Tool calls in their order, with the hooks of each'),
    headings(COLUMNS),
    ...calls.map(callBody),
  );
  const button = byId('waterfall-older');
  button.hidden = older === null;
  button.onclick = () => void load(older);
  for (const name of ['session-about', 'waterfall']) byId(name).hidden = false;
}

function aboutOf(session) {
  const { session_id: whole, project, agent, first, last, tool_calls: calls } = session;
  const until = clock(last).slice(-5);
  const facts = [
    agent,
    clock(first).slice(-5) === until ? null : `${clock(first)} – ${until}`,
    calls > 0 ? format.things(calls, 'tool call') : null,
    `agents waited ${format.ms(session.waited_ms)}`.replace('agents', 'agent'),
  ];
  const count = (number, what, tone, filter) =>
    number === 0
      ? undefined
      : el(
          'a',
          { class: `badge ${tone}`, href: addressOf('feed', '', { session: whole, ...filter }) },
          `${format.count(number)} ${what}`,
        );
  return [
    el('span', { title: project ?? '' }, facts.filter(Boolean).join(' · ')),
    count(session.denied, 'refused', 'refused', { decision: 'deny' }),
    count(session.failures, 'failed', 'failed', { status: 'failed' }),
    el('a', { href: addressOf('feed', '', { session: whole }) }, 'Executions'),
  ];
}

function callBody({ label, line, key, bars, pauses, waitedMs, isTool }) {
  const [{ row: first }] = bars;
  const heading = el(
    'tr',
    { class: 'call-row' },
    el(
      'th',
      { scope: 'rowgroup', title: isTool ? key : undefined },
      el(
        'div',
        { class: 'what' },
        el('time', { datetime: first.created_at }, format.moment(first.created_at)),
        line === undefined ? el('b', {}, label) : el('span', { class: 'call', title: line }, line),
      ),
    ),
    el('td', { class: 'result-cell' }),
    el('td', { class: 'number took' }, format.ms(waitedMs)),
    el('td', { class: 'col-track' }),
  );
  return el('tbody', {}, heading, ...bars.map((bar) => barRow(bar, pauses)));
}

function barRow({ row, left, width }, pauses) {
  const { tone } = resultOf(row);
  const says = saysOf(row);
  const track = el('div', { class: 'track' });
  for (const at of pauses) track.append(placed(el('span', { class: 'pause' }), at));
  const bar = placed(el('span', { class: `span ${tone}` }), left);
  bar.style.width = `${width * 100}%`;
  track.append(bar);
  return el(
    'tr',
    { class: tone },
    el(
      'th',
      { scope: 'row', class: 'hook-name' },
      el('a', { href: hookAddress(row) }, row.hook_name),
      el('span', { class: 'note' }, ` ${row.event_type ?? ''}`),
      says === '' ? undefined : el('span', { class: 'says', title: says }, says),
    ),
    el('td', { class: 'result-cell' }, resultMark(row)),
    el(
      'td',
      { class: 'number took' },
      el(
        'a',
        {
          href: addressOf('execution', String(row.id)),
          'aria-label': `Execution ${row.id}, ${format.ms(row.duration_ms)}`,
        },
        format.ms(row.duration_ms),
      ),
    ),
    el('td', { class: 'col-track', 'aria-hidden': 'true' }, track),
  );
}

/** Set by script: the content security policy of this page forbids style attributes. */
function placed(element, left) {
  element.style.left = `${left * 100}%`;
  return element;
}
