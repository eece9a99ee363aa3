import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AtEnd } from './temporary.ts';

const HUB = 'ip link set lo up; ip link add hub type bridge; ip link set hub up';

/** True if machines can have networks of their own here, otherwise the reason. */
export const canJoin: true | string =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'only root on Linux can join network namespaces'
    : spawnSync('unshare', [
        ...['--net', 'sh', '-ec'],
        `${HUB}; ip link add cable type veth peer name eth0`,
      ]).status === 0 || 'this machine allows no bridge between network namespaces, or has no ip';

/** One network namespace, with one address. */
export interface Joined {
  readonly host: string;
  /** Words that make a command run there. */
  readonly inside: readonly string[];
  /** Takes its cable out, so that what is sent vanishes, or puts it in again. */
  plug(isIn: boolean): void;
}

/** Network namespaces on one bridge, which reaches nothing else: the bridge is in a namespace, too. */
export async function joinedNamespaces(count: number, atEnd: AtEnd): Promise<Joined[]> {
  const hub = await aNamespace([], HUB, atEnd);
  const joined: Joined[] = [];
  for (let number = 1; number <= count; number += 1) {
    const inside = await aNamespace(hub.inside, 'ip link set lo up', atEnd);
    const host = `198.51.100.${number}`;
    const [cable, end] = [`cable${number}`, 'eth0'];
    run(hub.inside, `ip link add ${cable} type veth peer name ${end} netns ${inside.pid}`);
    run(hub.inside, `ip link set ${cable} master hub up`);
    run(inside.inside, `ip address add ${host}/24 dev ${end}; ip link set ${end} up`);
    const plug = (isIn: boolean): void =>
      run(hub.inside, `ip link set ${cable} ${isIn ? 'up' : 'down'}`);
    joined.push({ host, inside: inside.inside, plug });
  }
  return joined;
}

/**
 * A network namespace with whatever is in it. It is gone with its last process, and that which holds it ends with the
 * tests, however they end.
 * @param line shell words to run there first
 */
async function aNamespace(outside: readonly string[], line: string, atEnd: AtEnd) {
  const words = [...outside, 'unshare', '--net', 'sh', '-ec', `${line}; echo ready; exec cat`];
  const [program = '', ...rest] = words;
  const holder = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  atEnd(() => ended(holder));
  const [said] = (await once(holder.stdout, 'data')) as [Buffer];
  if (said.toString() !== 'ready\n' || holder.pid === undefined)
    throw new Error(`expected a namespace, got ${said}`);
  return { pid: holder.pid, inside: ['nsenter', `--net=/proc/${holder.pid}/ns/net`] };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** @throws if it fails */
function run([program = '', ...words]: readonly string[], line: string): void {
  const { status, stderr } = spawnSync(program, [...words, 'sh', '-ec', line], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`expected a network: ${line}: ${stderr}`);
}
