import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readStat } from '../../os/process.ts';

/** What the system tells of a process. */
export interface ProcessState {
  readonly parent: number;
  /** As `processStart` has it; 0 where the system does not tell. */
  readonly start: number;
  /** It only waits to be reaped. */
  readonly isOver: boolean;
}

/** Whether /proc tells of the processes that we see: it may be absent, or mounted for another pid namespace. */
export function isProcOurs(): boolean {
  try {
    return Number(readlinkSync('/proc/self')) === process.pid;
  } catch {
    return false;
  }
}

/** Every process; none where the system does not tell. */
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

/** Those that a process has started and that are still below it, without a look at all there are. Linux only. */
export function childrenOf(pid: number): number[] {
  return namesIn(`/proc/${pid}/task`)
    .flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' '))
    .map(Number)
    .filter((child) => child > 0);
}

/** The environment that a process was started with, each variable with a NUL behind it; empty where nobody tells. */
export function environmentOf(pid: number): string {
  return read(`/proc/${pid}/environ`);
}

/** What a process has open: a path, or a name such as `pipe:[123]`. */
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
