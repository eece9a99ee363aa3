/*
 * What is said on the daemon's socket. An engine pokes; a command asks for the state or for the end. docs/protocol.md.
 */
import { createFrameWriter, FRAME_KIND, type Frame, FrameError, readFields } from './frame.ts';

const POKE = { version: 1 } as const;
const STATE = { json: 1 } as const;

/** Says: there is something to drain. Nobody answers it. */
export function encodePoke(version: string): Buffer {
  const frame = createFrameWriter(FRAME_KIND.poke);
  frame.text(POKE.version, version);
  return frame.finish();
}

/** The version of the engine that poked; undefined where it did not say. @throws FrameError */
export function decodePoke(frame: Frame): string | undefined {
  return readFields(frame.body).text(POKE.version);
}

/** Asks for the state, or for the daemon's end. */
export function encodeRequest(kind: 'askState' | 'stop'): Buffer {
  return createFrameWriter(FRAME_KIND[kind]).finish();
}

/** Answers `askState`. */
export function encodeState(state: unknown): Buffer {
  const frame = createFrameWriter(FRAME_KIND.state);
  frame.text(STATE.json, JSON.stringify(state));
  return frame.finish();
}

/** @throws FrameError when it is no state */
export function decodeState(frame: Frame): unknown {
  const text = readFields(frame.body).text(STATE.json);
  try {
    return JSON.parse(text ?? '');
  } catch {
    throw new FrameError('a state frame holds no JSON');
  }
}
