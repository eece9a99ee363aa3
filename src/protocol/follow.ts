/*
 * Following executions over the daemon's socket: a command says which it wants and what it has seen, and the daemon
 * sends them as they come, until one of the two closes the connection. docs/protocol.md.
 */
import { createFrameWriter, FRAME_KIND, type Frame, FrameError, readFields } from './frame.ts';

const FOLLOW = {
  after: 1,
  latest: 2,
  hookName: 3,
  eventType: 4,
  status: 5,
  session: 6,
  since: 7,
} as const;
const EXECUTIONS = { row: 1, upTo: 2, skipped: 3 } as const;

/** A person gives a few; a statement with too many would fail for all who follow. */
export const MAX_FOLLOW_VALUES = 100;

/** Which executions are wanted. Several values of one field mean any of them; an empty list means all. */
export interface FollowRequest {
  /** Number of the last row that was seen; undefined: none yet. */
  readonly after: number | undefined;
  /** Where none was seen yet, so many of the latest come first. */
  readonly latest: number;
  readonly hookNames: readonly string[];
  readonly eventTypes: readonly string[];
  readonly statuses: readonly string[];
  /** Session ids, or how they begin. */
  readonly sessions: readonly string[];
  /** UTC, as in `created_at`. */
  readonly since: string | undefined;
}

/** What a follower is sent. */
export interface FollowedExecutions {
  /** Each a row of `hook_logs` in JSON, in the order of their numbers. */
  readonly rows: readonly string[];
  /** Everything up to this number was looked at: what to give as `after` when asking again. */
  readonly upTo: number;
  /** So many that were wanted were passed over, since the follower was too far behind. */
  readonly skipped: number;
}

export function encodeFollow(request: FollowRequest): Buffer {
  const frame = createFrameWriter(FRAME_KIND.follow);
  frame.number(FOLLOW.after, request.after);
  frame.number(FOLLOW.latest, request.latest);
  for (const name of request.hookNames) frame.text(FOLLOW.hookName, name);
  for (const event of request.eventTypes) frame.text(FOLLOW.eventType, event);
  for (const status of request.statuses) frame.text(FOLLOW.status, status);
  for (const session of request.sessions) frame.text(FOLLOW.session, session);
  frame.text(FOLLOW.since, request.since);
  return frame.finish();
}

/** @throws FrameError when it is none */
export function decodeFollow(frame: Frame): FollowRequest {
  const fields = readFields(frame.body);
  const few = (tag: number): string[] => {
    const values = fields.texts(tag);
    if (values.length > MAX_FOLLOW_VALUES) throw new FrameError(`too many values of field ${tag}`);
    return values;
  };
  return {
    after: fields.number(FOLLOW.after),
    latest: fields.number(FOLLOW.latest) ?? 0,
    hookNames: few(FOLLOW.hookName),
    eventTypes: few(FOLLOW.eventType),
    statuses: few(FOLLOW.status),
    sessions: few(FOLLOW.session),
    since: fields.text(FOLLOW.since),
  };
}

export function encodeExecutions({ rows, upTo, skipped }: FollowedExecutions): Buffer {
  const frame = createFrameWriter(FRAME_KIND.executions);
  for (const row of rows) frame.text(EXECUTIONS.row, row);
  frame.number(EXECUTIONS.upTo, upTo);
  frame.number(EXECUTIONS.skipped, skipped);
  return frame.finish();
}

/** @throws FrameError when it is none */
export function decodeExecutions(frame: Frame): FollowedExecutions {
  const fields = readFields(frame.body);
  const upTo = fields.number(EXECUTIONS.upTo);
  if (upTo === undefined) throw new FrameError('executions without a number');
  return {
    rows: fields.texts(EXECUTIONS.row),
    upTo,
    skipped: fields.number(EXECUTIONS.skipped) ?? 0,
  };
}
