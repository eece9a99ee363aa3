import { readdirSync, readFileSync } from 'node:fs';

/** What `/proc/PID/stat` says of a process. */
export interface ProcessState {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly nice: number;
}

/** The fields behind the name, which may itself hold blanks and parentheses. */
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
    // It is gone, and that is an answer.
    return undefined;
  }
}

/** The processes that one has started itself, and that still run. */
export function childrenOf(parent: number): number[] {
  return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/** Whether a process runs; one that has ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  const state = processState(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** The processes of a session that still run. */
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

/** Ends the group of processes that one was made the leader of. */
export function endGroup(leader: number | undefined): void {
  end(leader, -(leader ?? 0));
}

/** 0 is the group that the tests themselves run in, -1 is everybody: a file read before it was written gives a 0. */
function end(pid: number | undefined, target: number): void {
  if (pid === undefined || !(pid > 1)) {
    throw new Error(`expected the id of a process of ours, got ${pid}`);
  }
  try {
    process.kill(target, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
