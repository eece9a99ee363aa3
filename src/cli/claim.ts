import { report } from '../app/store/debug-log.ts';
import { withMadeHome } from '../config/home/state-home.ts';
import { readSettings } from '../config/settings.ts';
import { serveOneClaim } from '../daemon/claims/claim-helper.ts';
import { sayOnStderr } from '../engine/streams/pass-through.ts';

/** The same number as in src/launcher/node.c. */
const DESCRIPTOR = 3;

/**
 * `hookbus claim`, which only the launcher starts: claims a dedupe key when no daemon runs, and creates the state
 * directory.
 */
export function claim(): void {
  const settings = withMadeHome(readSettings());
  try {
    if (settings.paths !== undefined) {
      serveOneClaim(DESCRIPTOR, settings.paths.database, report(settings));
    }
  } catch {
    sayOnStderr('`hookbus claim` is internal: the launcher starts it to claim a dedupe key');
    process.exitCode = 1;
  }
}
