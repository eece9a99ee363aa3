import type { Database } from '../database.ts';

/** What the exports of one database have in common; made with the database, and kept when executions are deleted. */
export interface ExportIds {
  /** A UUID for `service.instance.id`. */
  readonly instanceId: string;
  /** Random text that keeps digests of names from being guessed; it never leaves the machine. */
  readonly projectSalt: string;
}

export function readExportIds(db: Database): ExportIds {
  return { instanceId: stateOf(db, 'instance_id'), projectSalt: stateOf(db, 'project_salt') };
}

/** @throws if somebody deleted the row, rather than exporting as nobody */
function stateOf(db: Database, name: string): string {
  const row = db
    .prepare<[string], { value: string }>('SELECT value FROM export_state WHERE name = ?')
    .get(name);
  if (row === undefined) throw new Error(`export_state has no row ${name}`);
  return row.value;
}
