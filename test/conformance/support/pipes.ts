import { spawn } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { endGroup } from './processes.ts';
import { Tap } from './tap.ts';

/** Both ends of a pipe, as descriptors in blocking mode that have nothing but the pipe in common. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** Two processes with a pipe between them, that neither writes nor reads; the first has it as 4, and says its id. */
const HOLDERS = "exec 3>&1; (exec sh -c 'echo $$; exec sleep 60' 4>&1 >&3) | exec sleep 60";

/**
 * A real pipe. Node cannot make one: its `stdio: 'pipe'` is a pair of sockets, which is what Claude Code gives a hook
 * too, but other callers give pipes. A named pipe would differ: opening it anew by way of /proc waits for a writer.
 */
export async function makePipe(): Promise<Pipe> {
  const holders = spawn('sh', ['-c', HOLDERS], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => holders.on('exit', resolve));
  const said = new Tap(holders.stdout);
  try {
    await said.sees('\n');
    const path = `/proc/${said.text.trim()}/fd/4`;
    return { read: openSync(path, constants.O_RDONLY), write: openSync(path, constants.O_WRONLY) };
  } finally {
    endGroup(holders.pid);
    await ended;
    // Both have let go of it only now: a third holder would delay the end of input.
    await said.end();
  }
}
