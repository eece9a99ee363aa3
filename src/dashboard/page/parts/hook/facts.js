import { el } from '../../dom.js';
import { commandLine } from './command.js';

/** Where a hook stands, and what to type about it. */

const panel = (title, ...parts) =>
  el('section', { class: 'panel facts', 'aria-label': title }, el('h3', {}, title), ...parts);

export function placesOf({ places }) {
  if (places.length === 0)
    return panel(
      'Where it stands',
      el(
        'p',
        { class: 'note' },
        'In no settings file that HookBus knows. ',
        el('code', {}, 'hookbus hooks'),
        ' lists what the agents run in a project.',
      ),
    );
  return panel('Where it stands', el('ul', { class: 'plain' }, ...places.map(placeOf)));
}

function placeOf({
  title,
  event,
  matcher,
  path,
  shown_path: shownPath,
  line,
  is_recorded: isRecorded,
  off,
}) {
  return el(
    'li',
    {},
    el('code', { title: path }, `${shownPath}:${line}`),
    el('span', { class: 'note' }, ` ${title}, ${event}${matcher ? `, ${matcher}` : ''}`),
    isRecorded ? undefined : el('span', { class: 'badge refused' }, 'not recorded'),
    off === null ? undefined : el('span', { class: 'badge failed' }, `does not run: ${off}`),
  );
}

export function commandsOf({ replay, logs }) {
  const replays =
    replay === null
      ? el(
          'p',
          { class: 'note' },
          'None of its calls can be replayed: no payload is stored. To store payloads from now on: ',
          el('code', {}, 'hookbus enable --store-raw'),
        )
      : el(
          'div',
          {},
          el('p', {}, 'After an edit: would it still decide the same?'),
          commandLine(replay, 'replay its latest calls'),
        );
  return panel(
    'In a terminal',
    replays,
    el('div', {}, el('p', {}, 'Its executions'), commandLine(logs, 'list its executions')),
  );
}
