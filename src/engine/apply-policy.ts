import type { RunOptions } from '../config/run-options.ts';
import { isProtected } from '../gates/policy.ts';

/** Drops options that could skip or silence a hook, if root protects the hook. */
export function applyPolicy(options: RunOptions): RunOptions {
  if (!options.dedupe && !options.failOpen) return options;
  return isProtected(options.name) ? { ...options, dedupe: false, failOpen: false } : options;
}
