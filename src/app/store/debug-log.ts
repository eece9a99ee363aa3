import { closeSync, constants, lstatSync, writeSync } from 'node:fs';
import type { Settings } from '../../config/settings.ts';
import { openToAppend } from '../../os/own-file.ts';
import { redactText } from '../../redaction/redaction.ts';

/** Logs an internal error; never throws. */
export type Report = (what: string, error: unknown) => void;

/** The log file stops growing at this size, so that it never fills a disk. */
const MAX_LOG_BYTES = 1024 * 1024;

/** Logs internal errors to the log file if `HOOKBUS_DEBUG=1`; never to a stream of the hook. */
export function report(settings: Settings): Report {
  const log = settings.paths?.log;
  if (!settings.debug || log === undefined) return () => undefined;
  return (what, error) => {
    try {
      if ((lstatSync(log, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) return;
      const reason = redactText(
        error instanceof Error ? (error.stack ?? error.message) : String(error),
      );
      const line = `${new Date().toISOString()} pid=${process.pid} failed=${JSON.stringify(what)} reason=${JSON.stringify(reason)}\n`;
      const file = openToAppend(log, constants.O_CREAT);
      try {
        writeSync(file, line);
      } finally {
        closeSync(file);
      }
    } catch {
      // A log that cannot be written must not disturb the hook.
    }
  };
}
