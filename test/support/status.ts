import { readStatus, type StatusReport } from '../../src/app/reading/read-status.ts';
import { tryUpToDate } from '../../src/app/store/up-to-date.ts';
import type { Settings } from '../../src/config/settings.ts';

/** What `hookbus status` reports. */
export function readStatusOf(settings: Settings, now: () => number): StatusReport {
  const opened = settings.paths === undefined ? {} : tryUpToDate(settings.paths, now);
  try {
    return readStatus(settings, opened, now);
  } finally {
    opened.store?.close();
  }
}
