import { getJson, postJson } from '../api.js';
import { byId, el, fill } from '../dom.js';
import * as format from '../format.js';

/** Called with the name of a hook that was switched. */
let onSwitched = async () => undefined;
let onProblem = () => undefined;

export function followSwitches(handlers) {
  ({ onSwitched, onProblem } = handlers);
}

async function change(hook, work) {
  try {
    if (await work()) await onSwitched(hook);
  } catch (error) {
    onProblem(error);
  }
  // The button that was pressed is gone, or is another one now.
  if (document.activeElement !== document.body) return;
  const buttons = [...document.querySelectorAll('button[data-hook]')];
  buttons
    .find((one) => one.dataset.hook === hook && one.checkVisibility())
    ?.focus({ preventScroll: true });
}

const switchOn = (hook) =>
  change(hook, async () => {
    await postJson('/api/on', { hook });
    return true;
  });

/** Asks first, and says what the hook refused lately. */
const switchOff = (hook) =>
  change(hook, async () => {
    const seconds = await ask(hook, await getJson('/api/off-plan', { hook }));
    if (seconds === undefined) return false;
    // The dialog has said what a guard would no longer refuse.
    await postJson('/api/off', { hook, for_seconds: seconds, confirmed: true });
    return true;
  });

/** @returns for how many seconds, or undefined if the user leaves it on */
function ask(hook, { text, commands, refused }) {
  const dialog = byId('off');
  byId('off-title').textContent = `Switch ${hook} off?`;
  fill(
    byId('off-body'),
    el('p', {}, text),
    ...(commands.length > 1 ? severalOf(commands) : []),
    ...(refused.length > 0 ? latestOf(refused) : []),
  );
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    const onclose = () => {
      const { value } = dialog.querySelector('input[name=off-for]:checked');
      resolve(dialog.returnValue === 'off' ? Number(value) : undefined);
    };
    dialog.addEventListener('close', onclose, { once: true });
  });
}

const severalOf = (commands) => [
  el('p', {}, `${format.count(commands.length)} hooks have this name:`),
  el('ul', { class: 'plain' }, ...commands.map((command) => el('li', {}, el('code', {}, command)))),
];

const latestOf = (refused) => [
  el('p', {}, 'It refused lately:'),
  el(
    'ul',
    { class: 'plain' },
    ...refused.map(({ created_at: at, call, tool_name: tool, decision_reason: reason }) =>
      el(
        'li',
        {},
        el('span', { class: 'note' }, `${format.moment(at)} `),
        el('span', { class: 'call' }, call ?? tool ?? ''),
        el('span', { class: 'says refused' }, ` ${reason ?? ''}`),
      ),
    ),
  ),
];

const button = (hook, text, label, onclick) =>
  el(
    'button',
    { type: 'button', class: 'small', 'data-hook': hook, 'aria-label': label, onclick },
    text,
  );

export const onButton = (hook) =>
  button(hook, 'Switch on', `Switch ${hook} on`, () => switchOn(hook));

export const offButton = (hook) =>
  button(hook, 'Off…', `Switch ${hook} off`, () => switchOff(hook));
