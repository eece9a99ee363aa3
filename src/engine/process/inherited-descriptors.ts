import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** As printed in `/proc/PID/fdinfo`. */
const O_CLOEXEC = 0o2000000;

/**
 * Descriptors above 2 that the caller left open for the hook. Node marks inherited ones close-on-exec, so the engine
 * has to pass them on. Call this before opening anything: it omits only Node's own descriptors, which it recognizes by
 * their kind (event polls, and both ends of one pipe in this process). Empty if the system does not list them.
 */
export function inheritedDescriptors(): number[] {
  if (process.platform !== 'linux') return [];
  try {
    const open = readdirSync('/proc/self/fd')
      .map(Number)
      .filter((fd) => fd > 2)
      .flatMap(describe);
    const isPipePair = (target: string): boolean =>
      open.filter((other) => other.target === target).length > 1;
    return open
      .filter(
        ({ target }) => !/^(?:anon_inode:|\/dev\/null$|\/dev\/urandom$|\/proc\/)/.test(target),
      )
      .filter(({ target }) => !(target.startsWith('pipe:') && isPipePair(target)))
      .filter(({ fd }) => isClosedInChildren(fd))
      .map(({ fd }) => fd);
  } catch {
    return [];
  }
}

/** Node marks only low descriptors; children inherit high ones anyway, and passing many of them on is slow. */
function isClosedInChildren(fd: number): boolean {
  const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
  return (Number.parseInt(flags ?? '0', 8) & O_CLOEXEC) !== 0;
}

function describe(fd: number): { fd: number; target: string }[] {
  try {
    return [{ fd, target: readlinkSync(`/proc/self/fd/${fd}`) }];
  } catch {
    // The descriptor of the directory listing itself, which is closed by now.
    return [];
  }
}

/** A `stdio` list for a child: its three streams, and the inherited descriptors under the same numbers. */
export function withInherited<T>(
  streams: readonly T[],
  inherited: readonly number[],
): (T | number | 'ignore')[] {
  const stdio: (T | number | 'ignore')[] = [...streams];
  for (const fd of inherited) {
    while (stdio.length < fd) stdio.push('ignore');
    stdio[fd] = fd;
  }
  return stdio;
}
