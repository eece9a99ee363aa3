import { fstatSync } from 'node:fs';

/** Whether a descriptor is a terminal. node:tty is loaded only where it may be one. @throws where it is closed */
export function isTerminal(fd: number): boolean {
  return fstatSync(fd).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(fd);
}
