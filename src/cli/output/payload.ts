import type { Payload } from '../../bus/find-execution.ts';
import { formatBytes } from './format.ts';
import type { Page } from './page.ts';
import { breakAnywhere, visibleLines } from './text.ts';

/** A payload for programs: text as it is where its bytes are UTF-8, else in base64. */
export interface PayloadJson {
  readonly encoding: 'utf8' | 'base64';
  readonly truncated: boolean;
  /** How many bytes `text` stands for. */
  readonly bytes: number;
  readonly text: string;
  /** Why the bytes are still as they are stored; null when they are as recorded. */
  readonly problem: string | null;
}

export function payloadJson({ bytes, truncated, problem }: Payload): PayloadJson {
  const text = decodeUtf8(bytes, false);
  return {
    encoding: text === undefined ? 'base64' : 'utf8',
    truncated,
    bytes: bytes.length,
    text: text ?? bytes.toString('base64'),
    problem: problem ?? null,
  };
}

/** Most bytes of a binary payload that are shown. */
const DUMP_BYTES = 256;

const INDENT = '  ';

/** A payload for people: JSON is laid out, other text is as it is, and anything else becomes a hex dump. */
export function payloadLines({ bytes, truncated }: Payload, page: Page): string[] {
  if (bytes.length === 0) return [`${INDENT}${page.paint('(empty)', 'dim')}`];
  const text = decodeUtf8(bytes, truncated);
  const isText = text !== undefined && !text.includes('\0');
  const lines = isText ? visibleLines(layOut(text)) : hexDump(bytes);
  return lines
    .flatMap((line) => breakAnywhere(line, page.columns - INDENT.length))
    .map((line) => INDENT + line);
}

/** Undefined for what is not UTF-8. A capture that was cut may end within a character, which is then left out. */
function decodeUtf8(bytes: Buffer, mayEndWithin: boolean): string | undefined {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(bytes, { stream: mayEndWithin });
  } catch {
    return undefined;
  }
}

function layOut(text: string): string {
  // Only what is an object or a list gains by it.
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Sixteen bytes a line: offset, hex, and what is printable. */
function hexDump(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, DUMP_BYTES); at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const characters = row.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${characters.join('')}`);
  }
  const rest = bytes.length - DUMP_BYTES;
  return rest > 0 ? [...lines, `… ${formatBytes(rest)} more; --json has them all`] : lines;
}
