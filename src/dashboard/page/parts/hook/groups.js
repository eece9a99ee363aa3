import { addressOf } from '../../address.js';
import { el, headings } from '../../dom.js';
import * as format from '../../format.js';

/** Failures and refusals of a hook by what it said. */

const COLUMNS = (what) => [
  { text: what },
  { text: 'Times', class: 'number' },
  { text: 'First', class: 'when' },
  { text: 'Last', class: 'when' },
];

const short = (at) => format.moment(at).slice(0, -3);

function panel(title, note, what, rows) {
  return el(
    'section',
    { class: 'panel', 'aria-label': title },
    el('div', { class: 'bar' }, el('h3', {}, title), note),
    rows.length === 0
      ? undefined
      : el('table', { class: 'groups' }, headings(COLUMNS(what)), el('tbody', {}, ...rows)),
  );
}

function groupRow(tone, says, about, { count, first_at: first, last_at: last, latest }) {
  return el(
    'tr',
    {},
    el(
      'th',
      { scope: 'row', class: 'title' },
      el('span', { class: `says ${tone}` }, says),
      about === '' ? undefined : el('span', { class: 'note' }, about),
      el('ul', { class: 'plain' }, ...latest.map(runOf)),
    ),
    el('td', { class: 'number count', 'data-label': 'Times' }, format.count(count)),
    el('td', { class: 'dim when', title: first }, short(first)),
    el('td', { class: 'dim when last', title: last }, short(last)),
  );
}

/** One of the runs, with what the call was about. */
const runOf = ({ id, created_at: at, call, tool_name: tool }) =>
  el(
    'li',
    {},
    el('a', { href: addressOf('execution', String(id)) }, short(at)),
    ' ',
    el('span', { class: 'call', title: call ?? '' }, call ?? tool ?? ''),
  );

/** The event of a group, if the page shows several. */
const ofEvent = ({ event_type: shown, events }, { event_type: event }) =>
  shown === null && (events ?? []).length !== 1 ? event : '';

export function failuresOf(report) {
  const rows = report.failures.map((group) => {
    const exit = group.exit_code === null ? '' : `exit code ${group.exit_code}`;
    const kind = group.status === 'timeout' || group.message.startsWith(exit) ? '' : exit;
    const about = [ofEvent(report, group), kind].filter(Boolean).join(', ');
    return groupRow('failed', group.message, about, group);
  });
  const all = el(
    'a',
    {
      href: addressOf('feed', '', {
        hook: report.hook_name,
        event: report.event_type ?? '',
        status: 'failed',
      }),
    },
    report.searched === null
      ? 'All failures'
      : `All failures; these are among the latest ${format.count(report.searched)} of all hooks`,
  );
  const none = el('span', { class: 'note' }, 'It did not fail in the time range.');
  return panel('Failures', rows.length === 0 ? none : all, 'What it said', rows);
}

export function refusalsOf(report) {
  const rows = report.refusals.map((group) =>
    groupRow('refused', group.reason ?? 'no reason given', ofEvent(report, group), group),
  );
  const all = el(
    'a',
    {
      href: addressOf('feed', '', {
        hook: report.hook_name,
        event: report.event_type ?? '',
        decision: 'deny',
      }),
    },
    'All refusals',
  );
  const none = el('span', { class: 'note' }, 'It refused nothing in the time range.');
  return panel('Refusals', rows.length === 0 ? none : all, 'Reason', rows);
}
