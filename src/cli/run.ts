import { parseRunOptions } from '../config/run-options.ts';
import { readSettings } from '../config/settings.ts';
import { leave } from '../engine/process/leave.ts';
import { passThrough, sayOnStderr } from '../engine/streams/pass-through.ts';

/** Exit code for a command line with nothing to run. */
const UNUSABLE_EXIT_CODE = 125;

/** `hookbus run`, the hot path. It loads what only some executions need on demand, and no code that prints for people. */
export async function run(words: readonly string[]): Promise<void> {
  // If the process ends early by accident, its exit code must not look like the success of a hook.
  process.exitCode = UNUSABLE_EXIT_CODE;
  const options = parseRunOptions(words);
  const settings = readSettings();
  if (options.argv.length === 0) {
    sayOnStderr('no command after --. Try: hookbus run --help');
    leave({ kind: 'code', code: UNUSABLE_EXIT_CODE });
    return;
  }
  leave(settings.enabled ? await record(options, settings) : await passThrough(options.argv));
}

/** `hookbus claim` is in this bundle because a hook waits for it. */
export async function claim(): Promise<void> {
  const helper = await import('./claim.ts');
  helper.claim();
}

async function record(...work: Parameters<typeof import('../engine/run-hook.ts').runHook>) {
  const { runHook } = await import('../engine/run-hook.ts');
  return runHook(...work);
}
