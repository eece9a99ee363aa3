import type { RunOptions } from '../config/run-options.ts';
import { defaultHookName } from '../domain/hook/hook-name.ts';
import { isProtected } from '../gates/policy.ts';

/** Drops options that could skip or silence a hook, if root protects the hook. */
export function applyPolicy(options: RunOptions): RunOptions {
  if (!options.dedupe && !options.failOpen) return options;
  const hookName = options.name || defaultHookName(options.argv, options.shellLine);
  return isProtected(hookName) ? { ...options, dedupe: false, failOpen: false } : options;
}
