import { closeSync, openSync, readSync } from 'node:fs';
import { kill, pid as ownPid } from 'node:process';

/**
 * When a process started, in clock ticks since boot (field 22 of `/proc/PID/stat`). It tells the process from a later one
 * with the same id. 0 if the system does not report it.
 */
export function processStart(pid: number = ownPid): number {
  return Number(readStat(pid)?.[19]) || 0;
}

/** Longer than any such line: a name of 15 bytes and 51 numbers. */
const stat = Buffer.alloc(2048);

/** The fields of `/proc/PID/stat` from the third on: state, parent, …; undefined if the system does not report them. */
export function readStat(pid: number): string[] | undefined {
  let file: number | undefined;
  try {
    // One read is enough, and it has to be quick: a claim waits for it.
    file = openSync(`/proc/${pid}/stat`, 'r');
    const text = stat.toString('latin1', 0, readSync(file, stat));
    // The second field is the program's name in parentheses, which may itself contain blanks and parentheses.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whether the process with this id and start time still runs. A zombie does not. */
export function isRunning(pid: number, start: number): boolean {
  if (pid <= 0) return false;
  try {
    kill(pid, 0);
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const stat = readStat(pid);
  if (stat?.[0] === 'Z' || stat?.[0] === 'X') return false;
  const now = Number(stat?.[19]) || 0;
  return start === 0 || now === 0 || now === start;
}

/** Upper bound for the generations between a hook and the processes that it starts. */
const MAX_GENERATIONS = 64;

/** Whether `ancestor` started a process, directly or through others, as far as the system reports it. */
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
