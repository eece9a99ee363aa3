import { closeSync, fstatSync, readSync } from 'node:fs';
import { geteuid, pid } from 'node:process';

/** What the launcher had when the Node engine took its place, before the hook was started. */
export interface HandedOver {
  /** All of the payload; nothing where stdin is the hook's own. */
  readonly payload: Buffer;
  /** The frame by which the daemon answered; nothing where it did not. */
  readonly verdict: Buffer;
}

const NAME = 'HOOKBUS_HANDED_OVER';

let handedOver: HandedOver | undefined;

/** Before anything is opened. A repository may have set the variable: then it names no file that the launcher made. */
export function takeHandedOver(env: NodeJS.ProcessEnv = process.env): void {
  const said = env[NAME];
  delete env[NAME];
  const [, owner, fd, verdictBytes] = /^(\d+) (\d+) (\d+)$/.exec(said ?? '')?.map(Number) ?? [];
  if (owner !== pid || fd === undefined || fd < 3) return;
  try {
    const stat = fstatSync(fd);
    // Of this user and without a name: nobody else can have made it.
    if (!stat.isFile() || stat.nlink !== 0 || stat.uid !== geteuid?.()) return;
    const bytes = Buffer.alloc(stat.size);
    for (let at = 0; at < bytes.length; ) {
      const got = readSync(fd, bytes, at, bytes.length - at, at);
      if (got === 0) throw new Error('expected more in what was handed over');
      at += got;
    }
    closeSync(fd);
    handedOver = {
      payload: bytes.subarray(verdictBytes),
      verdict: bytes.subarray(0, verdictBytes),
    };
  } catch {
    // There is no such descriptor.
  }
}

/** Undefined where this process was the engine from the beginning. */
export const whatWasHandedOver = (): HandedOver | undefined => handedOver;
