import { constants, inflateSync } from 'node:zlib';
import { errorLine } from '../../domain/text/error-line.ts';
import type { Database } from '../../store/database.ts';
import { type CallPayload, callPayloads } from '../../store/queries/call-payloads.ts';
import type { ListedRow } from '../../store/queries/dashboard.ts';
import { callLine } from './call-line.ts';

/** An execution in a list of the page. */
export interface ListedExecution extends ListedRow {
  /** What the call was about, in one line; null if no payload is stored. */
  readonly call: string | null;
  /** What its failure said, in one line. */
  readonly error: string | null;
}

/** Longer lines are cut by every list. */
const LINE_CHARACTERS = 300;

/** Inflates to more than a line needs, and to no more. */
const MAX_INFLATED = 256 * 1024;

/** Adds to rows what a list says about them. Its work is bounded by the number of rows, whatever is stored. */
export function listedExecutions(db: Database, rows: readonly ListedRow[]): ListedExecution[] {
  const payloads = callPayloads(
    db,
    rows.map(({ id }) => id),
  );
  const calls = new Map(payloads.map((payload) => [payload.id, callOf(payload)]));
  return rows.map((row) => ({
    ...row,
    call: calls.get(row.id) ?? null,
    error: errorLine(row)?.slice(0, LINE_CHARACTERS) ?? null,
  }));
}

function callOf({ encoding, body }: CallPayload): string | undefined {
  if (encoding === 'identity') return callLine(Buffer.from(body).toString('utf8'));
  try {
    // The end of the stream is missing.
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED };
    return callLine(inflateSync(body, options).toString('utf8'));
  } catch {
    return undefined;
  }
}
