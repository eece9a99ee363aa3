import { inflateSync } from 'node:zlib';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import type { StoredPayload } from '../../domain/execution.ts';
import type { LogRow } from '../../store/columns.ts';
import type { Database } from '../../store/database.ts';
import { lastLogId } from '../../store/queries/last-log-id.ts';
import { findByExecutionId, findById, readPayloads } from '../../store/queries/queries.ts';

/** How the user refers to an execution. */
export type ExecutionReference =
  | { readonly by: 'number'; readonly number: number }
  | { readonly by: 'beginning'; readonly beginning: string };

/** Parses a number, an execution id or its prefix; undefined for anything else. */
export function parseReference(text: string): ExecutionReference | undefined {
  // Execution ids start with a zero for the next ten thousand years; a number never does.
  if (/^[1-9]\d{0,14}$/.test(text)) return { by: 'number', number: Number(text) };
  const beginning = text.toLowerCase();
  return /^[\da-f-]{6,36}$/.test(beginning) ? { by: 'beginning', beginning } : undefined;
}

/** Finds the execution. @throws HookbusError `E_NOT_FOUND`, `E_AMBIGUOUS` */
export function findExecution(db: Database, reference: ExecutionReference): LogRow {
  if (reference.by === 'number') {
    const row = findById(db, reference.number);
    if (row !== undefined) return row;
    const last = lastLogId(db);
    if (last === 0) throw new HookbusError('E_NOT_FOUND', 'no execution is recorded yet');
    const older = reference.number < last ? ' any more, or never had' : '';
    throw notFound(`has the number ${reference.number}${older}; the latest is ${last}`);
  }
  const { beginning } = reference;
  const [row, other] = findByExecutionId(db, beginning, 2);
  if (row === undefined) throw notFound(`has an id that starts with ${beginning}`);
  if (other === undefined) return row;
  throw new HookbusError(
    'E_AMBIGUOUS',
    `several executions have an id that starts with ${beginning}, such as ${other.execution_id} and ${row.execution_id}`,
    'Type more of the id, or the number that `hookbus logs` shows',
  );
}

function notFound(which: string): HookbusError {
  return new HookbusError(
    'E_NOT_FOUND',
    `no execution ${which}`,
    'Type `hookbus logs` to list recent ones',
  );
}

/** The kept part of a stream, as it was recorded. */
export interface Payload {
  readonly stream: StoredPayload['stream'];
  readonly truncated: boolean;
  readonly bytes: Buffer;
  /** Why `bytes` are still compressed; undefined if they are as recorded. */
  readonly problem: string | undefined;
}

/** The largest cap of a payload, so the largest that one may inflate to. */
const MAX_BYTES = 64 * 1024 * 1024;

/** @throws if the bytes are not what `compress` made */
const inflate = (bytes: Uint8Array): Buffer => inflateSync(bytes, { maxOutputLength: MAX_BYTES });

/** Reads and inflates the stored payloads of an execution. */
export function findPayloads(db: Database, logId: number): Payload[] {
  return readPayloads(db, logId).map(({ stream, truncated, encoding, body }) => {
    const stored = Buffer.from(body);
    if (encoding === 'identity') return { stream, truncated, bytes: stored, problem: undefined };
    try {
      const bytes = inflate(stored);
      return { stream, truncated, bytes, problem: undefined };
    } catch (error) {
      const reason = reasonOf(error);
      return { stream, truncated, bytes: stored, problem: `cannot be inflated: ${reason}` };
    }
  });
}
