import { addressOf } from '../address.js';
import { getJson } from '../api.js';
import { byId, el, fill, headings } from '../dom.js';
import * as format from '../format.js';

const COLUMNS = [
  { text: 'Session' },
  { text: 'First' },
  { text: 'Last' },
  ...['Executions', 'Tool calls', 'Failed', 'Denied'].map((text) => ({ text, isNumber: true })),
];

/** The sessions of the range. */
export async function show({ range }) {
  shownRange = range;
  const { sessions } = await getJson('/api/sessions', { range });
  const table = byId('sessions-table');
  if (table.contains(document.activeElement)) return;
  const rows = sessions.map((session) =>
    el(
      'tr',
      {},
      el(
        'th',
        { scope: 'row' },
        el('a', { href: addressOf('session', session.session_id) }, session.session_id),
      ),
      el('td', {}, format.moment(session.first)),
      el('td', {}, format.moment(session.last)),
      ...['executions', 'tool_calls', 'failures', 'denied'].map((key) =>
        el('td', { class: 'number' }, format.count(session[key])),
      ),
    ),
  );
  const none = el(
    'tr',
    { class: 'none' },
    el('td', { colspan: COLUMNS.length }, 'No sessions in the time range.'),
  );
  fill(
    table,
    el('caption', {}, 'Sessions of the latest executions; open one to see its waterfall'),
    headings(COLUMNS),
    el('tbody', {}, ...(rows.length === 0 ? [none] : rows)),
  );
}

let shownRange;

export const refresh = () => show({ range: shownRange });

export function hide() {}
