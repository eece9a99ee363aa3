import { RAN, STATUSES, type Status } from '../domain/execution.ts';

const isAmong = (statuses: readonly string[]): string =>
  `status IN (${statuses.map((status) => `'${status}'`).join(', ')})`;

/** Conditions for SQL. An unknown status, of a newer version, counts as nothing rather than as something else. */
export const IS_KNOWN = isAmong(STATUSES);
export const HAS_RUN = isAmong(RAN);

const FAILURES: readonly string[] = ['error', 'timeout'] satisfies Status[];
export const isFailure = (status: string): boolean => FAILURES.includes(status);
/** SQLite uses the index of failures only for a statement with exactly this condition. */
export const FAILED = isAmong(FAILURES);
