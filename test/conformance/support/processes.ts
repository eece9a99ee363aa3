import { readdirSync, readFileSync } from 'node:fs';

/** Fields of `/proc/PID/stat`. */
export interface ProcessState {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly nice: number;
}

/** The fields after the name, which may itself contain blanks and parentheses. */
export function parseStat(stat: string): ProcessState {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const number = (field: number): number => Number(fields[field - 3]);
  return {
    pid: Number.parseInt(stat, 10),
    state: fields[0] ?? '',
    parent: number(4),
    group: number(5),
    session: number(6),
    nice: number(19),
  };
}

function processState(pid: number): ProcessState | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    // It is gone, which is the answer.
    return undefined;
  }
}

/** The running children of a process. */
export function childrenOf(parent: number): number[] {
  return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/** Whether a process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  const state = processState(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** The running processes of a session. */
export function sessionMembers(session: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processState(Number(name)))
    .filter((process) => process !== undefined)
    .filter((process) => process.session === session && isAlive(process.pid))
    .map((process) => process.pid);
}

/** Ends a process that may have ended already. */
export function endProcess(pid: number): void {
  end(pid, pid);
}

/** Ends the process group that a process leads. */
export function endGroup(leader: number | undefined): void {
  end(leader, -(leader ?? 0));
}

/** 0 is the tests' own group and -1 is everybody; a file that is read before it is written gives a 0. */
function end(pid: number | undefined, target: number): void {
  if (pid === undefined || !(pid > 1)) {
    throw new Error(`not the id of a process of this test: ${pid}`);
  }
  try {
    process.kill(target, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
