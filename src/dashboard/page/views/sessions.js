import { addressOf } from '../address.js';
import { getJson } from '../api.js';
import { byId, el, fill, headings } from '../dom.js';
import * as format from '../format.js';
import { keepFocus } from '../parts/focus.js';

const COLUMNS = [
  { text: 'Session' },
  { text: 'Agent' },
  ...['Executions', 'Tool calls', 'Denied', 'Failed', 'Waited'].map((text) => ({
    text,
    isNumber: true,
  })),
];

let range;

export async function show(params) {
  ({ range } = params);
  await refresh();
}

export function hide() {
  range = undefined;
}

/** The sessions of the range. */
export async function refresh() {
  const asked = range;
  const { sessions } = await getJson('/api/sessions', { range: asked });
  if (asked !== range) return;
  const none = el(
    'tr',
    { class: 'none' },
    el('td', { colspan: COLUMNS.length }, 'No sessions in the time range.'),
  );
  const table = byId('sessions-table');
  keepFocus(table, () =>
    fill(
      table,
      el('caption', { class: 'hidden' }, 'Sessions of the latest executions'),
      headings(COLUMNS),
      el('tbody', {}, ...(sessions.length === 0 ? [none] : sessions.map(rowOf))),
    ),
  );
}

/** A session is named by its project and its start. */
function rowOf({ session_id: id, project, agent, first, last, ...counts }) {
  const name = project ? format.baseName(project) : format.short(id);
  const number = (label, value, tone) =>
    el(
      'td',
      { class: `number ${value ? (tone ?? '') : 'nil'}`, 'data-label': label },
      format.count(value),
    );
  return el(
    'tr',
    {},
    el(
      'th',
      { scope: 'row', class: 'title' },
      el('a', { href: addressOf('session', id), title: id }, `${name}, ${spanText(first, last)}`),
      ' ',
      el('span', { class: 'note' }, id.slice(0, 8)),
    ),
    el('td', { class: 'dim subtitle' }, format.text(agent)),
    number('Executions', counts.executions),
    number('Tool calls', counts.tool_calls),
    number('Denied', counts.denied, 'refused'),
    number('Failed', counts.failures, 'failed'),
    el('td', { class: 'number', 'data-label': 'Waited' }, format.ms(counts.waited_ms)),
  );
}

function spanText(first, last) {
  const [from, until] = [first, last].map((at) => format.moment(at).slice(0, -3));
  return from === until ? from : `${from} – ${until.slice(-5)}`;
}
