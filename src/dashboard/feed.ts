import type { ServerResponse } from 'node:http';
import type { StoreHandle } from '../app/store/store-handle.ts';
import { rowsAfter } from '../store/queries/dashboard.ts';
import { lastLogId } from '../store/queries/last-log-id.ts';

/** How often rows are looked for while somebody watches, in ms: engines without a daemon write them too. */
const LOOK_MS = 400;

/** The least between two looks, in ms, however many executions come in. */
const PAUSE_MS = 200;

/** Rows in one event. */
const BATCH = 500;

/** Who is further behind gets the newest alone, and how many there were. */
const MAX_BEHIND = 5000;

/** A comment so often, in ms, keeps the connection from looking dead. */
const BEAT_MS = 10_000;

/** Pages at once. */
const MAX_WATCHERS = 16;

interface Watcher {
  readonly response: ServerResponse;
  lastId: number;
  /** It takes less than it is sent: nothing more until it has. */
  isFull: boolean;
}

/** What is new, to everybody who watches. The table is the queue: a slow reader costs one batch of memory. */
export function createFeed(store: StoreHandle) {
  const watchers = new Set<Watcher>();
  let timer: NodeJS.Timeout | undefined;
  let lookedAt = 0;
  let beatAt = 0;

  function look(): void {
    lookedAt = performance.now();
    const ready = [...watchers].filter(({ isFull }) => !isFull);
    try {
      const last = store.use(({ db }) => lastLogId(db));
      for (const watcher of ready) bring(store, watcher, last);
    } catch {
      // A locked database is looked at again; the daemon's log says what lasts.
    }
    if (lookedAt - beatAt > BEAT_MS) {
      beatAt = lookedAt;
      for (const watcher of ready) send(watcher, ':\n\n');
    }
    later(LOOK_MS);
  }

  function later(ms: number): void {
    clearTimeout(timer);
    timer = watchers.size === 0 ? undefined : setTimeout(look, ms);
  }

  return {
    /** @returns false where there are too many already */
    add(response: ServerResponse, lastId: number): boolean {
      if (watchers.size >= MAX_WATCHERS) return false;
      const watcher: Watcher = { response, lastId, isFull: false };
      watchers.add(watcher);
      response.on('drain', () => {
        watcher.isFull = false;
      });
      response.once('close', () => void watchers.delete(watcher));
      send(watcher, 'retry: 1000\n\n');
      later(0);
      return true;
    },
    tell(): void {
      if (watchers.size > 0) later(Math.max(lookedAt + PAUSE_MS - performance.now(), 0));
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

/** Sends what is behind the watcher's last row, up to a batch. */
function bring(store: StoreHandle, watcher: Watcher, last: number): void {
  const behind = last - watcher.lastId;
  if (behind === 0) return;
  // Another database is in its place.
  if (behind < 0) {
    watcher.lastId = last;
    send(watcher, eventText('reset', last, {}));
    return;
  }
  const missed = behind > MAX_BEHIND ? behind - BATCH : 0;
  const rows = store.use(({ db }) => rowsAfter(db, watcher.lastId + missed, BATCH));
  // Rows may be gone again.
  watcher.lastId = rows.at(-1)?.id ?? last;
  send(watcher, eventText('rows', watcher.lastId, { rows, missed }));
}

function send(watcher: Watcher, text: string): void {
  if (!watcher.response.write(text)) watcher.isFull = true;
}

const eventText = (event: string, id: number, data: unknown): string =>
  `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
