import type { RunOptions } from '../config/run-options.ts';
import { isProtected } from '../gates/policy.ts';

/** Options by which a hook would not run, or not be heard, are not for a hook that root protects. */
export function applyPolicy(options: RunOptions): RunOptions {
  if (!options.dedupe && !options.failOpen) return options;
  return isProtected(options.name) ? { ...options, dedupe: false, failOpen: false } : options;
}
