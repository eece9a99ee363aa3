import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { VERSION } from '../../domain/version.ts';
import {
  decodeExecutions,
  encodeFollow,
  type FollowedExecutions,
  type FollowRequest,
} from '../../protocol/follow.ts';
import { FRAME_KIND, type Frame, FrameError, splitFrames } from '../../protocol/frame.ts';
import { encodeNotify } from '../../protocol/socket.ts';
import { connect } from './connect.ts';

/** How long the first answer may take, even from a daemon that is busy with a full spool. */
const FIRST_ANSWER_MS = 10_000;

/** How often in a row a daemon may close the connection without an answer, as older versions do. */
const MAX_REFUSALS = 4;

/** Pause before the next attempt; grows with each refusal. */
const RETRY_MS = 50;

export interface FollowParts {
  readonly socketPath: string;
  readonly request: FollowRequest;
  /** Starts a daemon if none runs. @throws if that fails */
  readonly ensureDaemon: () => Promise<void>;
  /** Called with executions in order. Reading pauses until it resolves. */
  readonly take: (executions: FollowedExecutions) => Promise<void>;
}

/**
 * Follows executions until `take` throws, across reconnects and restarts of the daemon: each row once, in the order of
 * the row ids. Resolves if the daemon refuses to be followed.
 */
export async function followDaemon(parts: FollowParts): Promise<void> {
  let { request } = parts;
  const take = async (executions: FollowedExecutions): Promise<void> => {
    await parts.take(executions);
    request = { ...request, after: executions.upTo };
  };
  for (let refusals = 0; refusals < MAX_REFUSALS; ) {
    await parts.ensureDaemon();
    const hasAnswered = await followOnce(parts.socketPath, request, take);
    refusals = hasAnswered ? 0 : refusals + 1;
    await wait(RETRY_MS * (refusals + 1));
  }
}

/** Follows over one connection until it closes. @returns whether the daemon answered */
async function followOnce(
  socketPath: string,
  request: FollowRequest,
  take: FollowParts['take'],
): Promise<boolean> {
  const socket = connect(socketPath);
  socket.setTimeout(FIRST_ANSWER_MS, () => socket.destroy());
  let hasAnswered = false;
  try {
    await once(socket, 'connect');
    // The notification makes the daemon ingest the spool, and an older daemon exit in favor of this version.
    socket.write(Buffer.concat([encodeNotify(VERSION), encodeFollow(request)]));
  } catch {
    return false;
  }
  for await (const frame of framesOf(socket)) {
    if (frame.kind !== FRAME_KIND.executions) continue;
    if (!hasAnswered) socket.setTimeout(0);
    hasAnswered = true;
    await take(decodeExecutions(frame));
  }
  return hasAnswered;
}

/** Yields frames until the connection ends, for any reason. */
async function* framesOf(socket: Socket): AsyncGenerator<Frame> {
  let unread = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      const { frames, rest } = splitFrames(Buffer.concat([unread, chunk as Buffer]));
      unread = Buffer.from(rest);
      yield* frames;
    }
  } catch (error) {
    // The daemon was killed, or something else uses the socket. Other errors are bugs and must show.
    if (!(error instanceof FrameError || (error instanceof Error && 'code' in error))) throw error;
  } finally {
    socket.destroy();
  }
}
