import type { StoreHandle } from '../app/store/store-handle.ts';
import { reasonOf } from '../domain/errors.ts';
import { encodeExecutions, type FollowRequest } from '../protocol/follow.ts';
import { FrameError } from '../protocol/frame.ts';
import type { Database } from '../store/database.ts';
import {
  beforeLatest,
  countExecutions,
  eachExecution,
  type NumberSpan,
} from '../store/queries/follow.ts';
import { lastLogId } from '../store/queries/last-log-id.ts';
import type { Connection } from './listener.ts';
import type { Log } from './log.ts';

/** How often the table is looked at for rows that others wrote, in ms, while somebody follows. */
const LOOK_MS = 200;

/** Most bytes of rows in one frame, but for a single row that is longer. */
const FRAME_BYTES = 256 * 1024;

/**
 * A follower that is further behind than so many rows is taken ahead, to where only `KEPT_ROWS` are left: who stalls for
 * long wants to see what happens, not what happened.
 */
const MAX_BEHIND_ROWS = 10_000;
const KEPT_ROWS = 1000;

/** Each costs a query for every batch of rows. */
const MAX_FOLLOWERS = 64;

interface Follower {
  readonly connection: Connection;
  readonly request: FollowRequest;
  /** The last row that it was given or that was looked at for it; undefined before the first look. */
  after: number | undefined;
  /** It asked for what was there up to this row, so none of that is passed over. */
  wanted: number;
  hasHeard: boolean;
}

export interface FollowersParts {
  readonly store: StoreHandle;
  readonly log: Log;
}

/**
 * Sends rows to who follows them. The table is the queue: a follower whose connection is full is given nothing until it
 * has read what is on its way, so a slow one holds up nobody and costs the memory of one frame.
 */
export function createFollowers({ store, log }: FollowersParts) {
  const followers = new Set<Follower>();
  let timer: NodeJS.Timeout | undefined;
  let isDue = false;
  let lastFailure: string | undefined;

  function look(): void {
    isDue = false;
    try {
      const isBehind = [...followers]
        .filter(({ connection }) => !connection.isFull())
        .map((follower) => store.use(({ db }) => feed(db, follower)));
      lastFailure = undefined;
      // A turn for others between one frame and the next.
      if (isBehind.includes(true)) lookSoon();
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== lastFailure) log('follow_failed', { reason });
      lastFailure = reason;
    }
  }

  function lookSoon(): void {
    if (isDue || followers.size === 0) return;
    isDue = true;
    setImmediate(look);
  }

  function remove(follower: Follower): void {
    followers.delete(follower);
    if (followers.size === 0) clearInterval(timer);
  }

  return {
    /** @throws FrameError when there are too many */
    add(connection: Connection, request: FollowRequest): void {
      if (followers.size >= MAX_FOLLOWERS) throw new FrameError('too many follow');
      const { after } = request;
      const follower = { connection, request, after, wanted: 0, hasHeard: false };
      connection.keep();
      connection.onClose(() => remove(follower));
      connection.onDrain(lookSoon);
      if (followers.size === 0) timer = setInterval(look, LOOK_MS);
      followers.add(follower);
      // The first frame comes at once, and be it empty: by it a follower knows that it is understood.
      lookSoon();
    },
    /** There may be new rows. */
    lookSoon,
    count: (): number => followers.size,
    stop(): void {
      clearInterval(timer);
      followers.clear();
    },
  };
}

export type Followers = ReturnType<typeof createFollowers>;

/** Sends one frame, if there is anything to say. @returns whether there is more */
function feed(db: Database, follower: Follower): boolean {
  const frame = db.transaction(() => nextFrame(db, follower))();
  if (frame === undefined) return false;
  follower.connection.send(encodeExecutions(frame));
  follower.after = frame.upTo;
  follower.hasHeard = true;
  return frame.hasMore;
}

function nextFrame(db: Database, follower: Follower) {
  const { request } = follower;
  const last = lastLogId(db);
  if (follower.after === undefined) {
    follower.wanted = last;
    follower.after = beforeLatest(db, request, request.latest, last);
  }
  // Numbers never go back, so this is another database than the one that it saw.
  if (follower.after > last) follower.after = 0;
  const { after, hasHeard, wanted } = follower;
  if (after === last && hasHeard) return undefined;
  const isFarBehind = after >= wanted && last - after > MAX_BEHIND_ROWS;
  const start = isFarBehind ? last - KEPT_ROWS : after;
  const skipped = isFarBehind ? countExecutions(db, request, { after, upTo: start }) : 0;
  return { ...takeRows(db, request, { after: start, upTo: last }), skipped };
}

function takeRows(db: Database, request: FollowRequest, span: NumberSpan) {
  const rows: string[] = [];
  let { after } = span;
  let bytes = 0;
  for (const row of eachExecution(db, request, span)) {
    if (bytes >= FRAME_BYTES) return { rows, upTo: after, hasMore: true };
    const text = JSON.stringify(row);
    rows.push(text);
    bytes += Buffer.byteLength(text);
    after = row.id;
  }
  return { rows, upTo: span.upTo, hasMore: false };
}
