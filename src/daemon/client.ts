import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { FRAME_KIND, splitFrames } from '../protocol/frame.ts';
import { decodeState, encodeRequest } from '../protocol/socket.ts';
import type { DaemonState } from './state.ts';

/** How long an answer may take, in ms. */
const ANSWER_MS = 2000;

/** Asks the daemon for its state. Undefined where none answers in time. */
export function askDaemon(
  socketPath: string,
  answerMs = ANSWER_MS,
): Promise<DaemonState | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let unread = Buffer.alloc(0);
    const finish = (state: DaemonState | undefined): void => {
      socket.destroy();
      resolve(state);
    };
    socket.setTimeout(answerMs, () => finish(undefined));
    socket.once('error', () => finish(undefined));
    socket.once('close', () => finish(undefined));
    socket.once('connect', () => socket.write(encodeRequest('askState')));
    socket.on('data', (chunk: Buffer) => {
      try {
        const { frames, rest } = splitFrames(Buffer.concat([unread, chunk]));
        unread = Buffer.from(rest);
        const state = frames.find(({ kind }) => kind === FRAME_KIND.state);
        if (state !== undefined) finish(decodeState(state) as DaemonState);
      } catch {
        // Something else sits on the socket.
        finish(undefined);
      }
    });
  });
}

/** How long the daemon may take to end, in ms: it takes in what is in the spool first. */
const STOP_MS = 15_000;

/** How long who wants it to end waits for an answer, in ms: one that is busy is there all the same. */
const BUSY_ANSWER_MS = 10_000;
const LOOK_MS = 10;

/** Tells the daemon to end and waits until its process is gone. False where none was there, or where it would not go. */
export async function stopDaemon(socketPath: string): Promise<boolean> {
  const state = await askDaemon(socketPath, BUSY_ANSWER_MS);
  if (state === undefined || !(await sendStop(socketPath))) return false;
  const until = performance.now() + STOP_MS;
  while (isAlive(state.pid) && performance.now() < until) await wait(LOOK_MS);
  return !isAlive(state.pid);
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

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
