import { byId } from '../dom.js';
import { MAX_ROWS } from './list.js';

/**
 * A button that holds new executions back until it is pressed again. It keeps all of them, since the filters may change.
 * @param count how many of them match the filters
 * @param onTooMany called if more came in than are kept
 */
export function createPause({ count, onResume, onTooMany }) {
  const button = byId('pause');
  let isPaused = false;
  let kept = [];
  let isTooMuch = false;
  const show = () => {
    const number = isTooMuch ? `more than ${MAX_ROWS}` : count(kept);
    button.setAttribute('aria-pressed', String(isPaused));
    button.textContent = isPaused ? `Resume (${number} new)` : 'Pause';
  };
  const forget = () => {
    kept = [];
    isTooMuch = false;
    show();
  };
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    if (!isPaused && isTooMuch) onTooMany();
    else if (!isPaused) onResume(kept);
    forget();
  });
  return {
    forget,
    /** @returns whether it kept them */
    keeps(rows) {
      if (!isPaused) return false;
      kept = [...kept, ...rows];
      isTooMuch ||= kept.length > MAX_ROWS;
      if (isTooMuch) kept = [];
      show();
      return true;
    },
  };
}
