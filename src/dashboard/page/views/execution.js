import { addressOf } from '../address.js';
import { getJson } from '../api.js';
import { byId, el, fill } from '../dom.js';
import * as format from '../format.js';
import { DID_NOT_RUN, hookAddress, resultMark } from '../parts/rows.js';

const linkTo = (address, text) => el('a', { href: address }, text);

/** What is known of an execution, the most telling first; without those that are empty. */
const FIELDS = [
  ['Guard', ({ guard_skipped }) => (guard_skipped === 1 ? DID_NOT_RUN : '')],
  ['Decision', ({ decision }) => decision ?? 'not known'],
  [
    'Changed',
    ({ changes_input }) => (changes_input === 1 ? 'the input of the tool, or its output' : ''),
  ],
  [
    'Context',
    ({ context_chars }) =>
      context_chars > 0 ? `${format.count(context_chars)} characters added` : '',
  ],
  ['Tool', ({ tool_name }) => tool_name],
  ['Started', ({ created_at }) => `${format.moment(created_at)} (${created_at})`],
  [
    'Took',
    ({ duration_ms, overhead_ms }) =>
      `${format.ms(duration_ms)}, overhead ${format.ms(overhead_ms)}`,
  ],
  ['Session', ({ session_id: id }) => (id ? linkTo(addressOf('session', id), id) : '')],
  ['Project', ({ project }) => project],
  ['Agent', ({ agent }) => agent],
  ['Subagent', ({ subagent }) => subagent],
  ['Command', ({ command }) => command],
  ['Directory', ({ cwd }) => cwd],
  [
    'Streams',
    (row) =>
      `stdin ${format.bytes(row.stdin_bytes)}, stdout ${format.bytes(row.stdout_bytes)} (${row.stdout_kind}), stderr ${format.bytes(row.stderr_bytes)}`,
  ],
  ['Tool use', ({ tool_use_id }) => tool_use_id],
  ['Execution', ({ execution_id }) => execution_id],
  ['Correlation', ({ correlation_id }) => correlation_id],
  ['Script digest', ({ script_digest }) => script_digest],
  ['Variables', ({ agent_variables }) => agent_variables],
  ['Dedupe key', ({ dedupe_key }) => dedupe_key],
  ['In a terminal', ({ id }) => el('code', {}, `hookbus show ${id}`)],
  [
    'Run it again',
    ({ id, payloads: stored }) =>
      stored.some(({ stream }) => stream === 'stdin') ? el('code', {}, `hookbus replay ${id}`) : '',
  ],
];

/** Shows one execution in a dialog, over the view behind it. */
export async function show({ subject: id }) {
  const row = await getJson('/api/execution', { id });
  fill(byId('execution-title'), linkTo(hookAddress(row), row.hook_name), `, execution ${row.id}`);
  const isSame = row.status === 'blocked' && row.error?.trim() === row.decision_reason?.trim();
  fill(
    byId('execution-body'),
    summaryOf(row),
    ...text('Reason', row.decision_reason),
    ...text('Error', isSame ? null : row.error),
    ...payloads(row),
    el('h3', {}, 'Details'),
    el('dl', { class: 'fields' }, ...FIELDS.flatMap((field) => fieldOf(field, row))),
  );
  const dialog = byId('execution');
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

/** Closes the dialog. */
export function hide() {
  if (byId('execution').open) byId('execution').close();
}

byId('execution-close').addEventListener('click', hide);
// A click beside the dialog closes it too.
byId('execution').addEventListener('click', ({ target }) => {
  if (target === byId('execution')) hide();
});

function summaryOf(row) {
  const { status, exit_code: exitCode, signal, event_type: event, duration_ms: ms } = row;
  const ending = [status, exitCode === null ? '' : `exit ${exitCode}`, signal ?? ''];
  const parts = [
    ending.filter(Boolean).join(', '),
    event ?? '',
    format.moment(row.created_at),
    ms === null ? '' : format.ms(ms),
  ];
  return el('p', { class: 'summary' }, resultMark(row), ` ${parts.filter(Boolean).join(' · ')}`);
}

function fieldOf([name, read], row) {
  const value = read(row);
  return value === null || value === '' ? [] : [el('dt', {}, name), el('dd', {}, value)];
}

const text = (name, value) => (value === null ? [] : [el('h3', {}, name), block(name, value)]);

function payloads({ payloads: stored }) {
  if (stored.length === 0) {
    return [
      el(
        'p',
        { class: 'note' },
        'The payloads of this execution were not stored. To store payloads from now on: ',
        el('code', {}, 'hookbus enable --store-raw'),
      ),
    ];
  }
  return stored.flatMap(({ stream, form, text, bytes, left_out, truncated, problem }) => {
    const notes = [
      `${format.bytes(bytes)}, ${form}`,
      left_out > 0 ? `the last ${format.bytes(left_out)} are not shown` : '',
      truncated ? 'only the beginning of the stream is stored' : '',
      problem ?? '',
    ];
    return [
      el('h3', {}, stream, el('span', { class: 'note' }, ` ${notes.filter(Boolean).join('; ')}`)),
      ...(form === 'empty' ? [] : [block(stream, text)]),
    ];
  });
}

const block = (name, text) => el('pre', { tabindex: 0, role: 'region', 'aria-label': name }, text);
