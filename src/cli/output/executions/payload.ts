import type { Payload } from '../../../app/reading/find-execution.ts';
import { decodeUtf8, hexLines, layOut } from '../../../app/reading/payload-text.ts';
import { formatBytes } from '../../../format.ts';
import type { Page } from '../page.ts';
import { breakAnywhere, visibleLines } from '../text.ts';

/** A payload for programs: as text if its bytes are UTF-8, else in base64. */
export interface PayloadJson {
  readonly encoding: 'utf8' | 'base64';
  readonly truncated: boolean;
  /** The number of bytes that `text` stands for. */
  readonly bytes: number;
  readonly text: string;
  /** Why the bytes could not be decoded; null if they are as recorded. */
  readonly problem: string | null;
}

export function payloadJson({ bytes, truncated, problem }: Payload): PayloadJson {
  const text = decodeUtf8(bytes);
  return {
    encoding: text === undefined ? 'base64' : 'utf8',
    truncated,
    bytes: bytes.length,
    text: text ?? bytes.toString('base64'),
    problem: problem ?? null,
  };
}

/** How much of a binary payload is shown. */
const DUMP_BYTES = 256;

const INDENT = '  ';

/** A payload for people: indented JSON, plain text, or a hex dump. */
export function payloadLines({ bytes, truncated }: Payload, page: Page): string[] {
  if (bytes.length === 0) return [`${INDENT}${page.paint('(empty)', 'dim')}`];
  const text = decodeUtf8(bytes, truncated);
  const isText = text !== undefined && !text.includes('\0');
  const lines = isText ? visibleLines(layOut(text)) : hexDump(bytes);
  return lines
    .flatMap((line) => breakAnywhere(line, page.columns - INDENT.length))
    .map((line) => INDENT + line);
}

/** The beginning in hex, and how much more there is. */
function hexDump(bytes: Buffer): string[] {
  const lines = hexLines(bytes, DUMP_BYTES);
  const rest = bytes.length - DUMP_BYTES;
  return rest > 0 ? [...lines, `… ${formatBytes(rest)} more; --json has them all`] : lines;
}
