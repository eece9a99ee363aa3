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

/** How long the first answer may take, in ms: a daemon that is busy with a full spool answers all the same. */
const FIRST_ANSWER_MS = 10_000;

/** So often in a row a daemon that is there may close the connection without a word, as an older one does. */
const MAX_REFUSALS = 4;

/** Pause before the next attempt, in ms, times how often it was in vain. */
const RETRY_MS = 50;

export interface FollowParts {
  readonly socketPath: string;
  readonly request: FollowRequest;
  /** Makes sure that there is a daemon; throws where there cannot be one. */
  readonly ensureDaemon: () => Promise<void>;
  /** No more is read until it resolves. */
  readonly take: (executions: FollowedExecutions) => Promise<void>;
}

/**
 * Follows executions until `take` throws, over as many connections and daemons as it takes: each row once, in the order of
 * their numbers. Resolves when the daemon that is there does not let itself be followed.
 */
export async function followDaemon(parts: FollowParts): Promise<void> {
  let { request } = parts;
  const take = async (executions: FollowedExecutions): Promise<void> => {
    await parts.take(executions);
    request = { ...request, after: executions.upTo };
  };
  for (let refusals = 0; refusals < MAX_REFUSALS; ) {
    await parts.ensureDaemon();
    const wasHeard = await followOnce(parts.socketPath, request, take);
    refusals = wasHeard ? 0 : refusals + 1;
    await wait(RETRY_MS * (refusals + 1));
  }
}

/** Follows over one connection until it ends. @returns whether anything came */
async function followOnce(
  socketPath: string,
  request: FollowRequest,
  take: FollowParts['take'],
): Promise<boolean> {
  const socket = connect(socketPath);
  socket.setTimeout(FIRST_ANSWER_MS, () => socket.destroy());
  let wasHeard = false;
  try {
    await once(socket, 'connect');
    // The poke has what waits in the spool taken in, and an older daemon leave for ours.
    socket.write(Buffer.concat([encodeNotify(VERSION), encodeFollow(request)]));
  } catch {
    return false;
  }
  for await (const frame of framesOf(socket)) {
    if (frame.kind !== FRAME_KIND.executions) continue;
    if (!wasHeard) socket.setTimeout(0);
    wasHeard = true;
    await take(decodeExecutions(frame));
  }
  return wasHeard;
}

/** The frames that come, until the connection ends, however it does. */
async function* framesOf(socket: Socket): AsyncGenerator<Frame> {
  let unread = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      const { frames, rest } = splitFrames(Buffer.concat([unread, chunk as Buffer]));
      unread = Buffer.from(rest);
      yield* frames;
    }
  } catch (error) {
    // A daemon that was killed, or something else on the socket. What is wrong in here is not for us to hide.
    if (!(error instanceof FrameError || (error instanceof Error && 'code' in error))) throw error;
  } finally {
    socket.destroy();
  }
}
