import { closeSync, constants, ftruncateSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnDirectory, openOwnFile } from '../files/own-file.ts';

/** As in src/launcher/record.c. */
const SPARES = 16;

/**
 * Empty files that the launcher takes for its records: making a new file takes some file systems 0.2 ms, which a hook
 * would wait for. For one process at a time.
 * @returns what empties files of records, as many as are wanted, and gives back the others
 */
export function createSpares(directory: string) {
  return (paths: readonly string[]): string[] => {
    const free = findFree(directory);
    return paths.filter((path) => {
      const spare = free.pop();
      return spare === undefined || !becomesSpare(path, spare);
    });
  };
}

/** Where an emptied file may go; none where the directory cannot be had. */
function findFree(directory: string): string[] {
  try {
    makeOwnDirectory(directory);
    const taken = new Set(readdirSync(directory));
    return Array.from({ length: SPARES }, (_, number) => String(number))
      .filter((name) => !taken.has(name))
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

/** It leaves the spool first, so that who still reads it can tell. */
function becomesSpare(path: string, spare: string): boolean {
  const emptied = `${spare}.emptied`;
  let file: number | undefined;
  try {
    file = openOwnFile(path, constants.O_WRONLY);
    renameSync(path, emptied);
    ftruncateSync(file);
    renameSync(emptied, spare);
    return true;
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
