import { closeSync, openSync, readSync } from 'node:fs';
import { kill, pid as ownPid } from 'node:process';

/**
 * When a process started, in clock ticks since boot (field 22 of `/proc/PID/stat`), so that a process id that was
 * used again is not taken for the old process. 0 where the system does not tell.
 */
export function processStart(pid: number = ownPid): number {
  return Number(readStat(pid)?.[19]) || 0;
}

/** Longer than the line is: a name of 15 bytes and 51 numbers. */
const stat = Buffer.alloc(2048);

/** The fields of `/proc/PID/stat` from the third on: state, parent, …; undefined where the system does not tell. */
export function readStat(pid: number): string[] | undefined {
  let file: number | undefined;
  try {
    // In one read, which is all it takes: a key is not given before this is known.
    file = openSync(`/proc/${pid}/stat`, 'r');
    const text = stat.toString('latin1', 0, readSync(file, stat));
    // The second field is the program's name in parentheses, which may itself hold blanks and parentheses.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
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

/** More generations than there are between a hook and what it starts. */
const MAX_GENERATIONS = 64;

/** Whether a process was started by that one, or by one that it started, as far as the system tells. */
export function isDescendant(pid: number, ancestor: { pid: number; start: number }): boolean {
  if (ancestor.pid <= 0) return false;
  let stat = readStat(pid);
  for (let generation = 0; stat !== undefined && generation < MAX_GENERATIONS; generation += 1) {
    const parent = Number(stat[1]) || 0;
    if (parent === 0) return false;
    stat = readStat(parent);
    if (parent === ancestor.pid) {
      return ancestor.start === 0 || (Number(stat?.[19]) || 0) === ancestor.start;
    }
  }
  return false;
}
