import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { LogRow } from '../../../src/store/columns.ts';
import { recordsIn } from '../../support/spooled.ts';

export interface PayloadRow {
  readonly log_id: number;
  readonly stream: string;
  readonly encoding: string;
  readonly truncated: number;
  readonly body: Buffer;
}

export const databaseIn = (home: string): string => join(home, 'hook_bus.db');

/** Reads like a person with the `sqlite3` shell. */
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

export const readRows = (home: string): LogRow[] =>
  existsSync(databaseIn(home)) ? query<LogRow>(home, 'SELECT * FROM hook_logs ORDER BY id') : [];

export const readPayloads = (home: string): PayloadRow[] =>
  query<PayloadRow>(home, 'SELECT * FROM hook_payloads');

/** Finished records that wait in the spool. */
export function spooled(home: string): string[] {
  return recordsIn(join(home, 'spool'))
    .map(({ name }) => name)
    .filter((name) => name.endsWith('.rec'));
}
