import { byId } from '../dom.js';

/** How long to wait before the feed is asked for again, in ms: at first, and at most. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/** A pause that doubles from one call to the next. */
export function createPauses() {
  let next = FIRST_PAUSE_MS;
  return {
    take() {
      const now = next;
      next = Math.min(next * 2, MAX_PAUSE_MS);
      return now;
    },
    reset() {
      next = FIRST_PAUSE_MS;
    },
  };
}

function say(text, tone) {
  const badge = byId('connection');
  badge.textContent = text;
  badge.className = `badge ${tone}`;
}

/** How the daemon answers who asks for the feed; a browser keeps that to itself. */
async function statusOfFeed(lastId) {
  const asking = new AbortController();
  const answer = await fetch(`/api/feed?after=${lastId}`, { signal: asking.signal }).catch(
    () => undefined,
  );
  asking.abort();
  return answer?.status;
}

function openSource(lastId, { onOpen, onError, onEvent }) {
  const source = new EventSource(`/api/feed?after=${lastId}`);
  source.addEventListener('open', onOpen);
  // Refused rather than cut off: the browser will not try again.
  source.addEventListener('error', () => onError(source.readyState === EventSource.CLOSED));
  for (const type of ['rows', 'reset']) source.addEventListener(type, onEvent);
  return source;
}

/**
 * What the daemon sends by itself. Browsers allow a host six connections over all tabs, so that a page that is hidden gives
 * its own back, and catches up from the last row it saw.
 * @param onRefused the daemon does not let the page in; the answer to another question says why
 * @param onBack it is there again after it was not
 */
export function createLive({ onRows, onReset, onRefused, onBack }) {
  const pauses = createPauses();
  let lastId;
  let source;
  let timer;
  /** What comes next is what came in while the page was not connected. */
  let isCatchingUp = false;

  function open() {
    if (source === undefined && !document.hidden) source = openSource(lastId, handlers);
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  const handlers = {
    onOpen() {
      say('live', 'status-success');
      pauses.reset();
      if (isCatchingUp) onBack();
    },
    async onError(isRefused) {
      isCatchingUp = true;
      say('not connected', 'status-error');
      if (!isRefused) return;
      close();
      timer = setTimeout(open, pauses.take());
      const status = await statusOfFeed(lastId);
      if (status !== 503) onRefused();
      else if (source === undefined && !document.hidden)
        say('not live: too many pages are open', 'status-error');
    },
    onEvent({ type, data, lastEventId }) {
      lastId = Number(lastEventId);
      if (type === 'reset') onReset();
      else onRows(JSON.parse(data), isCatchingUp);
      isCatchingUp = false;
    },
  };

  function showOrHide() {
    close();
    if (document.hidden) isCatchingUp = true;
    say(document.hidden ? 'waits while hidden' : 'connecting', '');
    open();
  }

  return {
    /** Begins behind that row. */
    follow(id) {
      lastId = id;
      showOrHide();
      document.addEventListener('visibilitychange', showOrHide);
    },
  };
}
