import { RAN, STATUSES } from '../domain/execution.ts';

const isAmong = (statuses: readonly string[]): string =>
  `status IN (${statuses.map((status) => `'${status}'`).join(', ')})`;

/** Conditions for SQL. An unknown status, of a newer version, counts as nothing rather than as something else. */
export const IS_KNOWN = isAmong(STATUSES);
export const HAS_RUN = isAmong(RAN);
export const FAILED = isAmong(['error', 'timeout']);
