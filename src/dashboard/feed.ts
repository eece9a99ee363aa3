import type { ServerResponse } from 'node:http';
import { listedExecutions } from '../app/reading/listed-executions.ts';
import type { StoreHandle } from '../app/store/store-handle.ts';
import { rowsAfter } from '../store/queries/dashboard.ts';
import { lastLogId } from '../store/queries/last-log-id.ts';

/** How often to poll for rows while a page watches: engines write rows without the daemon too. */
const POLL_MS = 400;

/** The minimum time between two polls. */
const MIN_PAUSE_MS = 200;

/** The maximum number of rows in one event. */
const BATCH_ROWS = 500;

/** A page that is further behind gets only the newest rows, and the number of missed ones. */
const MAX_BEHIND = 5000;

/** How often to send a comment that keeps the connection alive. */
const KEEP_ALIVE_MS = 10_000;

/** The maximum number of pages at once. */
const MAX_WATCHERS = 16;

interface Watcher {
  readonly response: ServerResponse;
  lastId: number;
  /** Its socket buffer is full: send nothing until it drains. */
  isFull: boolean;
}

/** Sends new rows to every page that watches. The table is the queue: a slow reader costs one batch of memory. */
export function createFeed(store: StoreHandle) {
  const watchers = new Set<Watcher>();
  let timer: NodeJS.Timeout | undefined;
  let polledAt = 0;
  let keptAliveAt = 0;

  function poll(): void {
    polledAt = performance.now();
    const ready = [...watchers].filter(({ isFull }) => !isFull);
    try {
      const last = store.use(({ db }) => lastLogId(db));
      for (const watcher of ready) sendNewRows(store, watcher, last);
    } catch {
      // The database may be locked: the next poll tries again, and the daemon logs lasting errors.
    }
    if (polledAt - keptAliveAt > KEEP_ALIVE_MS) {
      keptAliveAt = polledAt;
      for (const watcher of ready) send(watcher, ':\n\n');
    }
    schedule(POLL_MS);
  }

  function schedule(ms: number): void {
    clearTimeout(timer);
    timer = watchers.size === 0 ? undefined : setTimeout(poll, ms);
  }

  return {
    /** @returns false if there are too many watchers */
    add(response: ServerResponse, lastId: number): boolean {
      if (watchers.size >= MAX_WATCHERS) return false;
      const watcher: Watcher = { response, lastId, isFull: false };
      watchers.add(watcher);
      response.on('drain', () => {
        watcher.isFull = false;
      });
      response.once('close', () => void watchers.delete(watcher));
      send(watcher, 'retry: 1000\n\n');
      schedule(0);
      return true;
    },
    tell(): void {
      if (watchers.size > 0) schedule(Math.max(polledAt + MIN_PAUSE_MS - performance.now(), 0));
    },
    count: (): number => watchers.size,
    stop(): void {
      clearTimeout(timer);
      for (const { response } of watchers) response.destroy();
      watchers.clear();
    },
  };
}

export type Feed = ReturnType<typeof createFeed>;

/** Sends the rows after the last one that the watcher has, up to a batch. */
function sendNewRows(store: StoreHandle, watcher: Watcher, last: number): void {
  const behind = last - watcher.lastId;
  if (behind === 0) return;
  // The database was replaced.
  if (behind < 0) {
    watcher.lastId = last;
    send(watcher, eventText('reset', last, {}));
    return;
  }
  const missed = behind > MAX_BEHIND ? behind - BATCH_ROWS : 0;
  const rows = store.use(({ db }) =>
    listedExecutions(db, rowsAfter(db, watcher.lastId + missed, BATCH_ROWS)),
  );
  // The rows may have been deleted since.
  watcher.lastId = rows.at(-1)?.id ?? last;
  send(watcher, eventText('rows', watcher.lastId, { rows, missed }));
}

function send(watcher: Watcher, text: string): void {
  if (!watcher.response.write(text)) watcher.isFull = true;
}

const eventText = (event: string, id: number, data: unknown): string =>
  `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
