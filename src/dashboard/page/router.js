import { addressOf, readAddress } from './address.js';
import { byId } from './dom.js';

/**
 * Shows the view that the address names, and follows the address: links, back and forward.
 * Each view has a module `views/NAME.js` with
 * - `show(params)`: fills and updates `<section id="view-NAME">`; called again when a filter changes. May be async
 * - `hide()`: called when another view takes its place
 * - `refresh()`, optional: new executions came in; called at most every few seconds
 * An execution opens over the view that is shown, so its module covers no view.
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
    } catch (error) {
      onProblem(error);
    }
  }

  function follow() {
    const params = readAddress();
    const isExecution = params.view === 'execution';
    if (!isExecution && isCovered) void call('execution', 'hide');
    if (!isExecution || shown === undefined) {
      const { range } = params;
      showView(isExecution ? { ...readAddress(addressOf('overview')), range } : params);
    }
    isCovered = isExecution;
    if (isExecution) void call('execution', 'show', params);
  }

  function showView(params) {
    const before = shown;
    shown = params;
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(params)) return;
    const isOther = before?.view !== params.view || before.subject !== params.subject;
    if (before !== undefined && before.view !== params.view) {
      void call(before.view, 'hide');
      byId(`view-${before.view}`).hidden = true;
    }
    const section = byId(`view-${params.view}`);
    section.hidden = false;
    onShow(params);
    void call(params.view, 'show', params);
    // A screen reader continues in the new view.
    if (before !== undefined && isOther) {
      section.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }

  return {
    start() {
      addEventListener('hashchange', follow);
      follow();
    },
    /** What is shown now, behind an open execution too. */
    shown: () => shown,
    refresh: () => void call(shown.view, 'refresh'),
    /** Leaves an execution that was closed. */
    uncover() {
      if (!isCovered) return;
      const { view, subject, ...filters } = shown;
      go(addressOf(view, subject, filters));
    },
  };
}

/** Goes to an address. @param isReplacing for a filter that is being typed: not every letter is a step back */
export function go(address, isReplacing = false) {
  const url = `${location.pathname}${address}`;
  if (address === location.hash) return;
  history[isReplacing ? 'replaceState' : 'pushState'](null, '', url);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
