/*
 * What is said on the daemon's socket. An engine pokes; a command asks for the state, for the dashboard or for the end. docs/protocol.md.
 */
import { createFrameWriter, FRAME_KIND, type Frame, FrameError, readFields } from './frame.ts';

const POKE = { version: 1 } as const;
const STATE = { json: 1 } as const;
const DASHBOARD = { url: 1, problem: 2 } as const;

/** Says: there is something to drain. Nobody answers it. */
export function encodeNotify(version: string): Buffer {
  const frame = createFrameWriter(FRAME_KIND.poke);
  frame.text(POKE.version, version);
  return frame.finish();
}

/** The version of the engine that poked; undefined where it did not say. @throws FrameError */
export function decodeNotify(frame: Frame): string | undefined {
  return readFields(frame.body).text(POKE.version);
}

/** Asks for the state, for the dashboard, or for the daemon's end. */
export function encodeRequest(kind: 'askState' | 'askDashboard' | 'stop'): Buffer {
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

/** Where the dashboard is, or why there is none. */
export type DashboardAnswer =
  /** The URL lets in whoever has it. */
  { readonly url: string } | { readonly problem: string };

/** Answers `askDashboard`. */
export function encodeDashboard(answer: DashboardAnswer): Buffer {
  const frame = createFrameWriter(FRAME_KIND.dashboard);
  if ('url' in answer) frame.text(DASHBOARD.url, answer.url);
  else frame.text(DASHBOARD.problem, answer.problem);
  return frame.finish();
}

/** @throws FrameError when it says neither */
export function decodeDashboard(frame: Frame): DashboardAnswer {
  const fields = readFields(frame.body);
  const url = fields.text(DASHBOARD.url);
  if (url !== undefined) return { url };
  const problem = fields.text(DASHBOARD.problem);
  if (problem === undefined) throw new FrameError('a dashboard frame says nothing');
  return { problem };
}
