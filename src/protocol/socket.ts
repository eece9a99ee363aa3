/*
 * Other frames on the daemon's socket: an engine notifies the daemon of work; a command asks for the state, for the
 * dashboard, or for the daemon to stop. docs/protocol.md.
 */
import { createFrameWriter, FRAME_KIND, type Frame, FrameError, readFields } from './frame.ts';

const NOTIFY = { version: 1 } as const;
const STATE = { json: 1 } as const;
const DASHBOARD = { url: 1, problem: 2 } as const;

/** Tells the daemon that there is something to ingest. It does not answer. */
export function encodeNotify(version: string): Buffer {
  const frame = createFrameWriter(FRAME_KIND.notify);
  frame.text(NOTIFY.version, version);
  return frame.finish();
}

/** The version of the engine that sent the notification; undefined if it sent none. @throws FrameError */
export function decodeNotify(frame: Frame): string | undefined {
  return readFields(frame.body).text(NOTIFY.version);
}

/** Asks for the state or the dashboard, or tells the daemon to stop. */
export function encodeRequest(kind: 'askState' | 'askDashboard' | 'stop'): Buffer {
  return createFrameWriter(FRAME_KIND[kind]).finish();
}

/** Answers `askState`. */
export function encodeState(state: unknown): Buffer {
  const frame = createFrameWriter(FRAME_KIND.state);
  frame.text(STATE.json, JSON.stringify(state));
  return frame.finish();
}

/** @throws FrameError if the frame is invalid */
export function decodeState(frame: Frame): unknown {
  const text = readFields(frame.body).text(STATE.json);
  try {
    return JSON.parse(text ?? '');
  } catch {
    throw new FrameError('a state frame has no valid JSON');
  }
}

/** Where the dashboard is, or why it is not available. */
export type DashboardAnswer =
  /** Whoever has the URL may see the dashboard. */
  { readonly url: string } | { readonly problem: string };

/** Answers `askDashboard`. */
export function encodeDashboard(answer: DashboardAnswer): Buffer {
  const frame = createFrameWriter(FRAME_KIND.dashboard);
  if ('url' in answer) frame.text(DASHBOARD.url, answer.url);
  else frame.text(DASHBOARD.problem, answer.problem);
  return frame.finish();
}

/** @throws FrameError if the frame is invalid */
export function decodeDashboard(frame: Frame): DashboardAnswer {
  const fields = readFields(frame.body);
  const url = fields.text(DASHBOARD.url);
  if (url !== undefined) return { url };
  const problem = fields.text(DASHBOARD.problem);
  if (problem === undefined)
    throw new FrameError('a dashboard frame has neither a URL nor a problem');
  return { problem };
}
