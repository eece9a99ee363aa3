import { spawn } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { endGroup } from './processes.ts';
import { Tap } from './tap.ts';

/** Both ends of a pipe, as blocking descriptors that share nothing except the pipe. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** Two processes connected by a pipe that neither uses; the first has it as descriptor 4 and prints its process id. */
const HOLDERS = "exec 3>&1; (exec sh -c 'echo $$; exec sleep 60' 4>&1 >&3) | exec sleep 60";

/**
 * A real pipe. Node cannot make one: its `stdio: 'pipe'` is a pair of sockets. Claude Code gives a hook sockets too, but
 * other callers give pipes. A named pipe would differ: reopening it through /proc waits for a writer.
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
    // Both close it only now: a third holder would delay the end of input.
    await said.end();
  }
}
