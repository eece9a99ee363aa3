import { readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from '../../os/random.ts';

/*
 * Windows has no sockets with a place in a directory, and Node cannot tell who answers on a named pipe. So each daemon
 * makes a pipe whose name nobody can guess, and writes it to a file in the state directory, which only its user reads.
 */
const NAME = /^\\\\\.\\pipe\\hookbus-[\da-f]{32}$/;

/** A new name, written to the file. @throws the file system's error */
export function makePipeName(path: string): string {
  const name = `\\\\.\\pipe\\hookbus-${Buffer.from(randomBytes(16)).toString('hex')}`;
  writeFileSync(path, name);
  return name;
}

/** @throws if the file is missing, or has no name of a pipe */
export function readPipeName(path: string): string {
  const name = readFileSync(path, 'utf8');
  if (!NAME.test(name)) throw new Error(`${path} does not name a pipe of HookBus`);
  return name;
}
