import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { replaceFile } from '../../os/replace-file.ts';
import { visible } from '../output/text.ts';

/**
 * Writes a file that only its owner can read, atomically.
 * @returns its path, safe to print
 * @throws HookbusError `E_FILE` if it cannot be written, or exists and must not be replaced
 */
export function writeNewFile(path: string, text: string, mayReplace: boolean): string {
  try {
    replaceFile(path, text, { mustBeNew: !mayReplace });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new HookbusError(
        'E_FILE',
        `${visible(path)} already exists`,
        'Add --force to replace it',
      );
    }
    const reason = reasonOf(error);
    throw new HookbusError('E_FILE', `${visible(path)} cannot be written: ${visible(reason)}`);
  }
  return visible(path);
}
