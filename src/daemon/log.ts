import { closeSync, constants, lstatSync, renameSync, writeSync } from 'node:fs';
import { openToAppend } from '../os/own-file.ts';
import { redactText } from '../redaction/redaction.ts';

/** The log is at most twice this, in bytes: the file, and the one before it. */
const MAX_LOG_BYTES = 512 * 1024;

export type LogValue = string | number | boolean | undefined;

/** Writes one line an event: the time, the word, then key=value, with known forms of secrets taken out. A log that cannot be written is no reason to stop. */
export function createLog(path: string, now: () => number) {
  return (event: string, values: Readonly<Record<string, LogValue>> = {}): void => {
    try {
      if ((lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) {
        renameSync(path, `${path}.1`);
      }
      const fields = Object.entries(values)
        .filter(([, value]) => value !== undefined)
        .map(
          ([key, value]) =>
            ` ${key}=${typeof value === 'string' ? JSON.stringify(redactText(value)) : value}`,
        );
      const line = `${new Date(now()).toISOString()} ${event} pid=${process.pid}${fields.join('')}\n`;
      const file = openToAppend(path, constants.O_CREAT);
      try {
        writeSync(file, line);
      } finally {
        closeSync(file);
      }
    } catch {
      // A full disk must not end what drains the spool.
    }
  };
}

export type Log = ReturnType<typeof createLog>;
