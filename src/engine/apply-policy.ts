import type { RunOptions } from '../config/run-options.ts';
import { defaultHookName } from '../domain/hook/hook-name.ts';
import { isProtected } from '../gates/policy.ts';

/** Options by which a hook would not run, or not be heard, are not for a hook that root protects. */
export function applyPolicy(options: RunOptions): RunOptions {
  if (!options.dedupe && !options.failOpen) return options;
  const hookName = options.name || defaultHookName(options.argv, options.shellLine);
  return isProtected(hookName) ? { ...options, dedupe: false, failOpen: false } : options;
}
