import { report } from '../app/store/debug-log.ts';
import { withMadeHome } from '../config/home/state-home.ts';
import { readSettings } from '../config/settings.ts';
import { serveOneClaim } from '../daemon/claims/claim-helper.ts';
import { sayOnStderr } from '../engine/streams/pass-through.ts';

/** As src/launcher/node.c has it. */
const DESCRIPTOR = 3;

/**
 * `hookbus claim`, which only the launcher starts: answers for a dedupe key where no daemon does, and makes the state
 * directory.
 */
export function claim(): void {
  const settings = withMadeHome(readSettings());
  try {
    if (settings.paths !== undefined) {
      serveOneClaim(DESCRIPTOR, settings.paths.database, report(settings));
    }
  } catch {
    sayOnStderr('hookbus claim is for the launcher, which asks it for a dedupe key');
    process.exitCode = 1;
  }
}
