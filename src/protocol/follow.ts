/*
 * Following executions over the daemon's socket: a command sends a filter and what it has seen, and the daemon sends new
 * executions until one side closes the connection. docs/protocol.md.
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
  decision: 8,
  agent: 9,
  subagent: 10,
  project: 11,
  tool: 12,
} as const;
const EXECUTIONS = { row: 1, upTo: 2, skipped: 3 } as const;

/** People give a few values; a statement with too many would fail for all followers. */
export const MAX_FOLLOW_VALUES = 100;

/** Which executions to send. Several values of one field mean any of them; an empty list means all. */
export interface FollowRequest {
  /** Number of the last row seen; undefined: none yet. */
  readonly after: number | undefined;
  /** If no row was seen yet, the daemon first sends this many of the latest. */
  readonly latest: number;
  readonly hookNames: readonly string[];
  readonly eventTypes: readonly string[];
  readonly statuses: readonly string[];
  readonly decisions: readonly string[];
  readonly agents: readonly string[];
  readonly subagents: readonly string[];
  readonly projects: readonly string[];
  readonly tools: readonly string[];
  /** Session ids, or prefixes of them. */
  readonly sessions: readonly string[];
  /** UTC, in the format of `created_at`. */
  readonly since: string | undefined;
}

/** What the daemon sends to a follower. */
export interface FollowedExecutions {
  /** Rows of `hook_logs` in JSON, in the order of their numbers. */
  readonly rows: readonly string[];
  /** The daemon has checked all rows up to this number: pass it as `after` in the next request. */
  readonly upTo: number;
  /** How many matching executions were not sent, because the follower was too slow. */
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
  for (const decision of request.decisions) frame.text(FOLLOW.decision, decision);
  for (const agent of request.agents) frame.text(FOLLOW.agent, agent);
  for (const subagent of request.subagents) frame.text(FOLLOW.subagent, subagent);
  for (const project of request.projects) frame.text(FOLLOW.project, project);
  for (const tool of request.tools) frame.text(FOLLOW.tool, tool);
  return frame.finish();
}

/** @throws FrameError if the frame is invalid */
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
    decisions: few(FOLLOW.decision),
    agents: few(FOLLOW.agent),
    subagents: few(FOLLOW.subagent),
    projects: few(FOLLOW.project),
    tools: few(FOLLOW.tool),
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

/** @throws FrameError if the frame is invalid */
export function decodeExecutions(frame: Frame): FollowedExecutions {
  const fields = readFields(frame.body);
  const upTo = fields.number(EXECUTIONS.upTo);
  if (upTo === undefined) throw new FrameError('an executions frame has no row number');
  return {
    rows: fields.texts(EXECUTIONS.row),
    upTo,
    skipped: fields.number(EXECUTIONS.skipped) ?? 0,
  };
}
