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
import type { CommonParts } from './common-parts.ts';
import type { Connection } from './listener.ts';
import { createLoop } from './loops/loop.ts';

/** How often the table is checked, while somebody follows, for rows that other processes wrote. */
const POLL_MS = 200;

/** Maximum bytes of rows per frame, except for a single longer row. */
const FRAME_BYTES = 256 * 1024;

/**
 * A follower that falls behind by more than `MAX_BEHIND_ROWS` skips ahead, until `KEPT_ROWS` are left: after a long
 * stall, current executions matter more than old ones.
 */
const MAX_BEHIND_ROWS = 10_000;
const KEPT_ROWS = 1000;

/** Every follower costs one query per batch of rows. */
const MAX_FOLLOWERS = 64;

interface Follower {
  readonly connection: Connection;
  readonly request: FollowRequest;
  /** The last row that was sent or filtered out; undefined before the first frame. */
  after: number | undefined;
  /** The follower requested the rows up to this one, so it never skips them. */
  wanted: number;
  hasFrame: boolean;
}

/**
 * Sends new rows to followers. The table is the queue: a follower whose connection is full gets nothing until it has
 * read what was sent, so a slow one delays nobody and costs the memory of one frame.
 */
export function createFollowers({ store, log }: Pick<CommonParts, 'store' | 'log'>) {
  const followers = new Set<Follower>();

  function step(): number {
    const isBehind = [...followers]
      .filter(({ connection }) => !connection.isFull())
      .map((follower) => store.use(({ db }) => feed(db, follower)));
    return isBehind.includes(true) ? 0 : POLL_MS;
  }

  const loop = createLoop({ log, failure: 'follow_failed', retryMs: POLL_MS, step });
  const sendSoon = (): void => loop.within();

  function remove(follower: Follower): void {
    followers.delete(follower);
    if (followers.size === 0) loop.stop();
  }

  return {
    /** @throws FrameError if there are too many followers */
    add(connection: Connection, request: FollowRequest): void {
      if (followers.size >= MAX_FOLLOWERS) throw new FrameError('too many followers');
      const { after } = request;
      const follower = { connection, request, after, wanted: 0, hasFrame: false };
      connection.keep();
      connection.onClose(() => remove(follower));
      connection.onDrain(sendSoon);
      if (followers.size === 0) loop.start();
      followers.add(follower);
      // Send the first frame at once, even an empty one: it tells the follower that it was accepted.
      sendSoon();
    },
    /** Call this when there may be new rows. */
    sendSoon,
    count: (): number => followers.size,
    stop(): void {
      loop.stop();
      followers.clear();
    },
  };
}

export type Followers = ReturnType<typeof createFollowers>;

/** Sends one frame if there is anything to send. @returns whether there is more */
function feed(db: Database, follower: Follower): boolean {
  const frame = db.transaction(() => nextFrame(db, follower))();
  if (frame === undefined) return false;
  follower.connection.send(encodeExecutions(frame));
  follower.after = frame.upTo;
  follower.hasFrame = true;
  return frame.hasMore;
}

function nextFrame(db: Database, follower: Follower) {
  const { request } = follower;
  const last = lastLogId(db);
  if (follower.after === undefined) {
    follower.wanted = last;
    follower.after = beforeLatest(db, request, request.latest, last);
  }
  // Row ids never decrease, so this is a new database.
  if (follower.after > last) follower.after = 0;
  const { after, hasFrame, wanted } = follower;
  if (after === last && hasFrame) return undefined;
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
