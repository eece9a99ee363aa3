import { readFileSync } from 'node:fs';
import { kill, pid as ownPid } from 'node:process';

/**
 * When a process started, in clock ticks since boot (field 22 of `/proc/PID/stat`), so that a process id that was
 * used again is not taken for the old process. 0 where the system does not tell.
 */
export function processStart(pid: number = ownPid): number {
  return Number(readStat(pid)?.[19]) || 0;
}

/** The fields of `/proc/PID/stat` from the third on; undefined where the system does not tell. */
function readStat(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses, which may itself hold blanks and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** Whether the very process that had this id and start time still runs. One that only waits to be reaped does not. */
export function isRunning(pid: number, start: number): boolean {
  if (pid <= 0) return false;
  try {
    kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const stat = readStat(pid);
  if (stat?.[0] === 'Z' || stat?.[0] === 'X') return false;
  const now = Number(stat?.[19]) || 0;
  return start === 0 || now === 0 || now === start;
}
