import { byId } from '../dom.js';

/** How long to wait before the next connection: at first, and at most. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/** A pause that doubles with each call. */
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

function showState(text, tone) {
  const badge = byId('connection');
  badge.textContent = text;
  badge.className = `live ${tone}`;
}

/** The HTTP status of the feed, which EventSource does not report. */
async function statusOfFeed(lastId) {
  const request = new AbortController();
  const response = await fetch(`/api/feed?after=${lastId}`, { signal: request.signal }).catch(
    () => undefined,
  );
  request.abort();
  return response?.status;
}

function openSource(lastId, { onOpen, onError, onEvent }) {
  const source = new EventSource(`/api/feed?after=${lastId}`);
  source.addEventListener('open', onOpen);
  // A closed source was refused, not interrupted: the browser will not reconnect.
  source.addEventListener('error', () => onError(source.readyState === EventSource.CLOSED));
  for (const type of ['rows', 'reset']) source.addEventListener(type, onEvent);
  return source;
}

/**
 * Receives new executions from the daemon. Browsers allow six connections per host over all tabs, so a hidden page
 * disconnects, and later catches up from the last row it has.
 * @param onRefused called if the daemon refuses the page; the next request shows the reason
 * @param onReconnect called after a lost connection is back
 */
export function createLive({ onRows, onReset, onRefused, onReconnect }) {
  const pauses = createPauses();
  let lastId;
  let source;
  let timer;
  /** The next rows came in while the page was not connected. */
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
      showState('live', 'good');
      pauses.reset();
      if (isCatchingUp) onReconnect();
    },
    async onError(isRefused) {
      isCatchingUp = true;
      showState('not connected', 'bad');
      if (!isRefused) return;
      close();
      timer = setTimeout(open, pauses.take());
      const status = await statusOfFeed(lastId);
      if (status !== 503) onRefused();
      else if (source === undefined && !document.hidden)
        showState('not live: too many pages are open', 'bad');
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
    showState(document.hidden ? 'paused while hidden' : 'connecting', '');
    open();
  }

  return {
    /** Starts after the row with this id. */
    follow(id) {
      lastId = id;
      showOrHide();
      document.addEventListener('visibilitychange', showOrHide);
    },
  };
}
