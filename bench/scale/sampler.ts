import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { StatePaths } from '../../src/config/home/paths.ts';

export interface Sample {
  readonly rssBytes: number;
  readonly cpuSeconds: number;
  readonly spoolBytes: number;
  readonly databaseBytes: number;
  readonly walBytes: number;
}

/** Clock ticks a second in /proc. */
const TICKS = 100;

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Takes the sizes of a daemon and its files. */
export function createSampler(pid: number, paths: StatePaths) {
  const memory = (name: string): number => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return 1024 * Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
  };
  const cpuSeconds = (): number => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) / TICKS;
  };
  return {
    take: (): Sample => ({
      rssBytes: memory('VmRSS'),
      cpuSeconds: cpuSeconds(),
      spoolBytes: (existsSync(paths.spool) ? readdirSync(paths.spool) : [])
        .map((name) => sizeOf(join(paths.spool, name)))
        .reduce((sum, size) => sum + size, 0),
      databaseBytes: sizeOf(paths.database),
      walBytes: sizeOf(`${paths.database}-wal`),
    }),
    /** The most that it ever had resident. */
    peakBytes: () => memory('VmHWM'),
  };
}

/** The rows, and how many of them began before the last `days`. */
export function countRows(database: string, days: number): { rows: number; expired: number } {
  const db = new Sqlite(database, { readonly: true, timeout: 60_000 });
  try {
    const before = new Date(Date.now() - days * 86_400_000).toISOString();
    return db
      .prepare(
        'SELECT COUNT(*) AS rows, COUNT(*) FILTER (WHERE created_at < ?) AS expired FROM hook_logs',
      )
      .get(before) as { rows: number; expired: number };
  } finally {
    db.close();
  }
}
