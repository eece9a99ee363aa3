import { setTimeout as wait } from 'node:timers/promises';
import { isRunning, processStart } from '../../os/process.ts';
import { FRAME_KIND, type Frame, splitFrames } from '../../protocol/frame.ts';
import {
  type DashboardAnswer,
  decodeDashboard,
  decodeState,
  encodeRequest,
} from '../../protocol/socket.ts';
import type { DaemonState } from '../state.ts';
import { connect } from './connect.ts';

/** How long to wait for an answer. */
const ANSWER_MS = 2000;

/** Asks the daemon for its state. Undefined if none answers in time. */
export async function askDaemon(
  socketPath: string,
  answerMs = ANSWER_MS,
): Promise<DaemonState | undefined> {
  const answer = await ask(socketPath, ['askState', 'state'], answerMs);
  return answer && (decodeOrNothing(() => decodeState(answer)) as DaemonState | undefined);
}

/** Asks the daemon to serve the dashboard, and for its URL. Undefined if none answers in time. */
export async function askDashboard(socketPath: string): Promise<DashboardAnswer | undefined> {
  const answer = await ask(socketPath, ['askDashboard', 'dashboard'], BUSY_ANSWER_MS);
  return answer && decodeOrNothing(() => decodeDashboard(answer));
}

/** Sends a request and waits for the frame that answers it. Undefined if it is not a daemon that answers. */
function ask(
  socketPath: string,
  [request, wanted]: readonly ['askState', 'state'] | readonly ['askDashboard', 'dashboard'],
  answerMs: number,
): Promise<Frame | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let unread = Buffer.alloc(0);
    const finish = (answer: Frame | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(answerMs, () => finish(undefined));
    socket.once('error', () => finish(undefined));
    socket.once('close', () => finish(undefined));
    socket.once('connect', () => socket.write(encodeRequest(request)));
    socket.on('data', (chunk: Buffer) => {
      const split = decodeOrNothing(() => splitFrames(Buffer.concat([unread, chunk])));
      if (split === undefined) return finish(undefined);
      unread = Buffer.from(split.rest);
      const answer = split.frames.find(({ kind }) => kind === FRAME_KIND[wanted]);
      if (answer !== undefined) finish(answer);
    });
  });
}

function decodeOrNothing<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

/** How long the daemon may take to exit: it ingests the spool first. */
const STOP_MS = 15_000;

/** How long to wait for an answer before stopping the daemon: it may be busy. */
const BUSY_ANSWER_MS = 10_000;
const POLL_MS = 10;

/**
 * Stops the daemon and waits until it has exited. False if none was running, or it does not exit in time. The first
 * process of a container may take seconds to reap it.
 */
export async function stopDaemon(socketPath: string): Promise<boolean> {
  const state = await askDaemon(socketPath, BUSY_ANSWER_MS);
  if (state === undefined) return false;
  const start = processStart(state.pid);
  if (!(await sendStop(socketPath))) return false;
  const until = performance.now() + STOP_MS;
  while (isRunning(state.pid, start) && performance.now() < until) await wait(POLL_MS);
  return !isRunning(state.pid, start);
}

function sendStop(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let isConnected = false;
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      isConnected = true;
      socket.write(encodeRequest('stop'));
    });
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.once('close', () => resolve(isConnected));
  });
}
