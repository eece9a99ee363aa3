import type { Database } from '../database.ts';

/** The beginning of the stdin that is stored of an execution. */
export interface CallPayload {
  readonly id: number;
  readonly encoding: string;
  readonly body: Uint8Array;
}

/** More of a payload than a line about it needs: many rows are read at once. */
const MAX_BYTES = 8192;

/** The beginning of the stored stdin of each of these executions; those without one are not in the answer. */
export function callPayloads(db: Database, ids: readonly number[]): CallPayload[] {
  return db
    .prepare<[string], CallPayload>(
      `SELECT log_id AS id, encoding, substr(body, 1, ${MAX_BYTES}) AS body FROM hook_payloads
       WHERE stream = 'stdin' AND log_id IN (SELECT value FROM json_each(?))`,
    )
    .all(JSON.stringify(ids));
}
