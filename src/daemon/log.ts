import { closeSync, constants, lstatSync, renameSync, writeSync } from 'node:fs';
import { openToAppend } from '../os/own-file.ts';
import { redactText } from '../redaction/redaction.ts';

/** The log rotates at this size and keeps one old file, so it takes at most twice as much. */
const MAX_LOG_BYTES = 512 * 1024;

export type LogValue = string | number | boolean | undefined;

/** Writes one line per event: the time, the event, then key=value, with secrets redacted. Ignores write errors. */
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
      // A full disk must not stop the process that ingests the spool.
    }
  };
}

export type Log = ReturnType<typeof createLog>;
