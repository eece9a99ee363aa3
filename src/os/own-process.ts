import type { Begin } from '../domain/record.ts';
import { VERSION } from '../domain/version.ts';
import { processStart } from './process.ts';

let start: number | undefined;

/** This process as a record names it: once it is gone, an execution without an end counts as interrupted. */
export function ownProcess(): Pick<Begin, 'pid' | 'pidStart' | 'engine' | 'engineVersion'> & {
  readonly cwd?: string;
} {
  start ??= processStart();
  return {
    pid: process.pid,
    pidStart: start,
    engine: 'node',
    engineVersion: VERSION,
    ...workingDirectory(),
  };
}

function workingDirectory(): { cwd?: string } {
  try {
    return { cwd: process.cwd() };
  } catch {
    // The directory was deleted.
    return {};
  }
}
