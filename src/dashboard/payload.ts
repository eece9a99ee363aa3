import type { Payload } from '../app/reading/find-execution.ts';
import { decodeUtf8, hexLines, layOut } from '../app/reading/payload-text.ts';

/** How much of a payload the page gets: a browser is slow to lay out more. */
const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_HEX_BYTES = 16 * 1024;

/** A payload as the page shows it. */
export interface ShownPayload {
  readonly stream: Payload['stream'];
  readonly form: 'empty' | 'json' | 'text' | 'hex';
  readonly text: string;
  readonly bytes: number;
  /** The number of bytes that are not in the text. */
  readonly left_out: number;
  /** Only a part of the stream is stored. */
  readonly truncated: boolean;
  readonly problem: string | null;
}

export function showPayload({ stream, bytes, truncated, problem }: Payload): ShownPayload {
  const common = { stream, bytes: bytes.length, truncated, problem: problem ?? null };
  if (bytes.length === 0) return { ...common, form: 'empty', text: '', left_out: 0 };
  const isCut = bytes.length > MAX_TEXT_BYTES;
  const text = decodeUtf8(bytes.subarray(0, MAX_TEXT_BYTES), truncated || isCut);
  if (text === undefined || text.includes('\0')) {
    const left_out = Math.max(bytes.length - MAX_HEX_BYTES, 0);
    return { ...common, form: 'hex', text: hexLines(bytes, MAX_HEX_BYTES).join('\n'), left_out };
  }
  const laidOut = isCut ? text : layOut(text, MAX_TEXT_BYTES);
  return {
    ...common,
    form: laidOut === text ? 'text' : 'json',
    text: laidOut,
    left_out: Math.max(bytes.length - MAX_TEXT_BYTES, 0),
  };
}
