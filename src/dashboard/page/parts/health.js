import { addressOf } from '../address.js';
import { byId, el, fill } from '../dom.js';
import * as format from '../format.js';
import { keepFocus } from './focus.js';
import { hookAddress } from './rows.js';
import { onButton } from './switch.js';

/** What each kind of harm looks like. */
const TONES = {
  unguarded: { tone: 'failed', word: 'Unguarded' },
  broken: { tone: 'failed', word: 'Broken' },
  misled: { tone: 'refused', word: 'Misread' },
  slow: { tone: 'refused', word: 'Slow' },
  note: { tone: 'skipped', word: 'Note' },
};

/** What fits above everything else. */
const MAX_ITEMS = 4;

let isWhole = false;
let shown;

/** Where an item is explained: the hook's page, or an execution that shows it. */
function addressOfItem({ hook_name: name, log_id: id, event_type: event }) {
  if (name !== null) return hookAddress({ hook_name: name, event_type: event });
  return id === null ? undefined : addressOf('execution', String(id));
}

/** A hook that does not run, which a button here switches on. */
const isOfGate = ({ fix, hook_name: name }, gates) =>
  fix?.startsWith('hookbus on ') && gates.some((gate) => gate.hook_name === name);

function itemOf(item, gates) {
  const { tone, word } = TONES[item.harm] ?? TONES.note;
  const address = addressOfItem(item);
  return el(
    'li',
    { class: tone },
    el('span', { class: `pill ${tone}` }, word),
    el('span', { class: 'sentence' }, address ? el('a', { href: address }, item.text) : item.text),
    isOfGate(item, gates) ? onButton(item.hook_name) : actionOf(item),
  );
}

/** What to do about it: see the execution, or a command to type, unless the page shows the same. */
function actionOf({ fix, log_id: id, hook_name: name }) {
  if (id !== null && name !== null) {
    const href = addressOf('execution', String(id));
    return el('a', { href, class: 'last', 'aria-label': `last one of ${name}` }, 'last one');
  }
  const isShown = fix === null || /^hookbus (?:logs|show|report|metrics)\b/.test(fix);
  return isShown ? undefined : el('code', { class: 'fix' }, fix);
}

/** Hooks that are off or whose breaker is open stay switchable, even if nothing else is wrong with them. */
function gateItems({ gates, health }) {
  const known = new Set(health.map(({ hook_name: name }) => name));
  return gates
    .filter(({ hook_name: name }) => !known.has(name))
    .map(({ hook_name, state, until }) => ({
      ...{ harm: 'note', hook_name, event_type: null, log_id: null },
      fix: `hookbus on ${hook_name}`,
      text: `${hook_name} is off${state === 'off' ? '' : ' by its breaker'} until ${format.moment(until)}`,
    }));
}

/** The line of health: what is wrong, the worst first, each with where to look and what to type. */
export function showHealth(overview) {
  const { gates, health, metrics } = overview;
  const items = [...health, ...gateItems(overview)];
  // Without a change, keep the elements: a focused button would lose the focus with every refresh.
  const content = JSON.stringify([
    items,
    gates,
    metrics === null,
    format.today(),
    isWhole,
    location.hash,
  ]);
  if (content === shown) return;
  shown = content;
  const visible = items.filter(
    (item, index) => isWhole || index < MAX_ITEMS || isOfGate(item, gates),
  );
  const rest = items.length - visible.length;
  const list = byId('health');
  keepFocus(list, () =>
    fill(
      list,
      ...visible.map((item) => itemOf(item, gates)),
      ...(items.length === 0 ? [wellOf()] : []),
      rest > 0 ? el('li', { class: 'more' }, moreButton(rest, overview)) : undefined,
    ),
  );
}

const wellOf = () =>
  el(
    'li',
    { class: 'ok' },
    el('span', { class: 'pill ok' }, 'Healthy'),
    el('span', { class: 'sentence' }, 'Every hook that ran in the last 24 hours did its work'),
  );

function moreButton(count, overview) {
  const onclick = () => {
    isWhole = true;
    showHealth(overview);
    byId('health').querySelectorAll('a')[MAX_ITEMS]?.focus();
  };
  return el('button', { type: 'button', class: 'quiet', onclick }, `Show ${count} more`);
}
