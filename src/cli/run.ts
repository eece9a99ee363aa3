import { parseRunOptions } from '../config/run-options.ts';
import { readSettings } from '../config/settings.ts';
import { leave } from '../engine/process/leave.ts';
import { passThrough, sayOnStderr } from '../engine/streams/pass-through.ts';

/** Exit code for a command line with nothing to run. */
const UNUSABLE_EXIT_CODE = 125;

/** `hookbus run`: the hot path. What only some runs need loads where it is needed; nothing for people loads at all. */
export async function run(words: readonly string[]): Promise<void> {
  // Should we ever end without saying how, nobody must take it for the hook's success.
  process.exitCode = UNUSABLE_EXIT_CODE;
  const options = parseRunOptions(words);
  const settings = readSettings();
  if (options.argv.length === 0) {
    sayOnStderr(`expected a command behind --, got none. Try: hookbus run --help`);
    leave({ kind: 'code', code: UNUSABLE_EXIT_CODE });
    return;
  }
  leave(settings.enabled ? await watched(options, settings) : await passThrough(options.argv));
}

/** What `hookbus claim` does is in the bundle of the hot path too: a hook waits for it. */
export async function claim(): Promise<void> {
  const helper = await import('./claim.ts');
  helper.claim();
}

async function watched(...work: Parameters<typeof import('../engine/run-hook.ts').runHook>) {
  const { runHook } = await import('../engine/run-hook.ts');
  return runHook(...work);
}
