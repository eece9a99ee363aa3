import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isRunning, processStart } from '../spool/process.ts';
import { nowMs } from './clock.ts';

/** Time between SIGTERM and SIGKILL, in ms. */
const GRACE_MS = 1000;

/** How often the dying are looked at, in ms, and how long SIGKILL may take. */
const LOOK_MS = 15;
const KILL_MS = 1000;

/**
 * Ends the hook and everything it started: SIGTERM, then SIGKILL after the grace to what is left.
 * @param spanId stands in the environment of all that the hook started, so that a process which forked away is found too
 */
export async function endTree(hookPid: number, spanId: string): Promise<void> {
  const known = new Map<number, number>();
  const living = (): number[] => {
    for (const pid of descendants(hookPid, spanId))
      if (!known.has(pid)) known.set(pid, processStart(pid));
    return [...known]
      .filter(([pid, start]) => isRunning(pid, start) && !isZombie(pid))
      .map(([pid]) => pid);
  };
  await send('SIGTERM', living, GRACE_MS, false);
  await send('SIGKILL', living, KILL_MS, true);
}

/** Signals each living process, once or again and again, until there is none or the time is over. */
async function send(
  signal: NodeJS.Signals,
  living: () => number[],
  ms: number,
  again: boolean,
): Promise<void> {
  const told = new Set<number>();
  const until = nowMs() + ms;
  for (let left = living(); left.length > 0 && nowMs() < until; left = living()) {
    for (const pid of left) {
      if (told.has(pid) && !again) continue;
      told.add(pid);
      try {
        process.kill(pid, signal);
      } catch {
        // It went by itself.
      }
    }
    await wait(LOOK_MS);
  }
}

function descendants(hookPid: number, spanId: string): number[] {
  const parents = process.platform === 'linux' ? parentsFromProc() : parentsFromPs();
  const found = new Set<number>([hookPid]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  for (const pid of parents.keys()) if (pid !== process.pid && hasSpan(pid, spanId)) found.add(pid);
  return [...found];
}

function parentsFromProc(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(Number(name));
    if (stat !== undefined) parents.set(Number(name), Number(stat.split(' ')[1]));
  }
  return parents;
}

function parentsFromPs(): Map<number, number> {
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return new Map(lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]));
}

/** From the third field of `/proc/PID/stat` on: the state, the parent. */
function readStat(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2);
  } catch {
    return undefined;
  }
}

function isZombie(pid: number): boolean {
  return /^[ZX]/.test(readStat(pid) ?? '');
}

function hasSpan(pid: number, spanId: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`-${spanId}-`);
  } catch {
    return false;
  }
}
