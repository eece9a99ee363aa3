import { addressOf, readAddress } from './address.js';
import { byId } from './dom.js';

/** Whether a link or the page itself changed the address; if not, the user went back or forward. */
let isStep = false;

/** How far views were scrolled when the user left them, by address. */
const scrolled = new Map();

function watchSteps() {
  history.scrollRestoration = 'manual';
  addEventListener('click', ({ target }) => {
    isStep = target.closest?.('a[href^="#/"]') !== null;
  });
}

const addressOfView = ({ view, subject, ...filters }) => addressOf(view, subject, filters);

function goBackFrom(covering, shown) {
  go(addressOfView(shown));
  focusLink(covering);
}

/** @returns whether another view takes its place */
function leave(before, { view }) {
  scrolled.set(addressOfView(before), scrollY);
  const isOther = before.view !== view;
  byId(`view-${before.view}`).hidden = isOther;
  return isOther;
}

const isOtherThing = (one, other) => one.view !== other.view || one.subject !== other.subject;

/** The link that opened what was closed may have been made again meanwhile. */
function focusLink(address) {
  if (document.activeElement === document.body)
    document.querySelector(`main a[href="${CSS.escape(address)}"]`)?.focus();
}

/**
 * Shows the view that the address names, and follows the address: links, back and forward.
 * Each view has a module `views/NAME.js` with
 * - `show(params)`: fills and updates `<section id="view-NAME">`; called again when a filter changes. May be async
 * - `hide()`: called when another view takes its place
 * - `refresh()`, optional: new executions came in; called at most every few seconds
 * The heading `#title` names the view; the view of a hook or a session may say more there. An execution opens over the
 * view that is shown.
 * @param views modules by name
 * @param onProblem called with the error of a view
 */
export function createRouter(views, { onShow, onProblem }) {
  /** What is shown, without an execution that covers it. */
  let shown;
  let isCovered = false;

  async function call(name, method, params) {
    try {
      await views[name][method]?.(params);
      return true;
    } catch (error) {
      onProblem(error);
      return false;
    }
  }

  function follow() {
    const params = readAddress();
    const isExecution = params.view === 'execution';
    if (!isExecution && isCovered) void call('execution', 'hide');
    if (!isExecution) void showView(params);
    else if (shown === undefined) void showView({ ...readAddress('#/'), range: params.range });
    isCovered = isExecution;
    if (isExecution) void call('execution', 'show', params);
    isStep = false;
  }

  async function showView(params) {
    const before = shown;
    if (JSON.stringify(before) === JSON.stringify(params)) return;
    shown = params;
    const isOther = before !== undefined && isOtherThing(before, params);
    const top = isStep ? 0 : (scrolled.get(addressOfView(params)) ?? 0);
    if (before !== undefined && leave(before, params)) void call(before.view, 'hide');
    const section = byId(`view-${params.view}`);
    section.hidden = false;
    onShow(params);
    // A screen reader continues in the new view.
    if (isOther) section.focus({ preventScroll: true });
    await call(params.view, 'show', params);
    if (isOther && shown === params) scrollTo(0, top);
  }

  return {
    start() {
      watchSteps();
      addEventListener('hashchange', follow);
      follow();
    },
    /** What is shown now, behind an open execution too. */
    shown: () => shown,
    /** @returns whether all went well */
    refresh: () => call(shown.view, 'refresh'),
    /** Leaves an execution that was closed. */
    uncover: () => isCovered && goBackFrom(location.hash, shown),
  };
}

/** Goes to an address. @param isReplacing for a filter that is being typed: not every letter is a step back */
export function go(address, isReplacing = false) {
  if (address === location.hash) return;
  isStep = true;
  history[isReplacing ? 'replaceState' : 'pushState'](null, '', `${location.pathname}${address}`);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
