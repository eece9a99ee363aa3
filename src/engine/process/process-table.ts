import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readStat } from '../../os/process.ts';

/** What the system reports about a process. */
export interface ProcessState {
  readonly parent: number;
  /** Like `processStart`; 0 if unknown. */
  readonly start: number;
  /** It has exited but was not reaped yet. */
  readonly isOver: boolean;
}

/** Whether /proc shows the processes of this pid namespace: it may be missing, or mounted for another one. */
export function isProcOurs(): boolean {
  try {
    return Number(readlinkSync('/proc/self')) === process.pid;
  } catch {
    return false;
  }
}

/** Every process; empty if the system does not list them. */
export function allProcesses(): Map<number, ProcessState> {
  try {
    if (process.platform !== 'linux') return processesFromPs();
    return isProcOurs() ? processesFromProc() : new Map();
  } catch {
    return new Map();
  }
}

function processesFromProc(): Map<number, ProcessState> {
  const processes = new Map<number, ProcessState>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
    if (stat === undefined) continue;
    processes.set(Number(name), {
      parent: Number(stat[1]),
      start: Number(stat[19]) || 0,
      isOver: /^[ZX]/.test(stat[0] ?? ''),
    });
  }
  return processes;
}

function processesFromPs(): Map<number, ProcessState> {
  const text = execFileSync('ps', ['-axo', 'pid=,ppid=,state='], { encoding: 'utf8' });
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .map(([pid, parent, state = '']) => [
        Number(pid),
        { parent: Number(parent), start: 0, isOver: state.startsWith('Z') },
      ]),
  );
}

/** The current children of a process, without reading the whole process table. Linux only. */
export function childrenOf(pid: number): number[] {
  return namesIn(`/proc/${pid}/task`)
    .flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' '))
    .map(Number)
    .filter((child) => child > 0);
}

/** The initial environment of a process, each variable followed by a NUL; empty if unreadable. */
export function environmentOf(pid: number): string {
  return read(`/proc/${pid}/environ`);
}

/** The open files of a process: paths, or names such as `pipe:[123]`. */
export function openFilesOf(pid: number | 'self', fds?: readonly number[]): string[] {
  return (fds ?? namesIn(`/proc/${pid}/fd`)).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
