import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { visible } from '../output/text.ts';

/**
 * Writes a file that only its owner can read, whole or not at all.
 * @returns where it is, fit to be shown
 * @throws HookbusError `E_FILE` where it cannot be written, or is there and is not to be replaced
 */
export function writeNewFile(name: string, text: string, mayReplace: boolean): string {
  const path = resolve(name);
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    if (mayReplace) renameSync(temporary, path);
    // Unlike a rename, it does not replace what somebody else has made meanwhile.
    else linkSync(temporary, path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new HookbusError(
        'E_FILE',
        `${visible(path)} is there already`,
        'Add --force to replace it',
      );
    }
    const reason = reasonOf(error);
    throw new HookbusError('E_FILE', `${visible(path)} cannot be written: ${visible(reason)}`);
  } finally {
    rmSync(temporary, { force: true });
  }
  return visible(path);
}
