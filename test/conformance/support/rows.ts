import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** A row of `hook_logs`, by the names of DESIGN.md section 5. */
export interface Row {
  readonly id: number;
  readonly execution_id: string;
  readonly correlation_id: string;
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly hook_name: string;
  readonly event_type: string;
  readonly tool_name: string | null;
  readonly session_id: string | null;
  readonly tool_use_id: string | null;
  readonly cwd: string | null;
  readonly command: string;
  readonly status: string;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly error: string | null;
  readonly duration_ms: number | null;
  readonly overhead_ms: number | null;
  readonly stdin_bytes: number;
  readonly stdout_bytes: number;
  readonly stderr_bytes: number;
  readonly stdout_kind: string;
  readonly stdout_digest: string | null;
  readonly dedupe_key: string | null;
  readonly created_at: string;
}

export interface PayloadRow {
  readonly log_id: number;
  readonly stream: string;
  readonly encoding: string;
  readonly truncated: number;
  readonly body: Buffer;
}

export const databaseIn = (home: string): string => join(home, 'hook_bus.db');

/** Reads as a person with the `sqlite3` shell would. */
export function query<T>(home: string, sql: string): T[] {
  const path = databaseIn(home);
  if (!existsSync(path)) return [];
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare<[], T>(sql).all();
  } finally {
    db.close();
  }
}

export const readRows = (home: string): Row[] =>
  existsSync(databaseIn(home)) ? query<Row>(home, 'SELECT * FROM hook_logs ORDER BY id') : [];

export const readPayloads = (home: string): PayloadRow[] =>
  query<PayloadRow>(home, 'SELECT * FROM hook_payloads');

/** Finished records that wait in the spool. */
export function spooled(home: string): string[] {
  const directory = join(home, 'spool');
  return existsSync(directory)
    ? readdirSync(directory).filter((name) => name.endsWith('.rec'))
    : [];
}
