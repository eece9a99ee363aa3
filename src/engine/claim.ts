import { setTimeout as wait } from 'node:timers/promises';
import type { KeyRequest, Keys, Verdict } from '../app/dedupe/dedupe.ts';
import { keyOf } from '../app/dedupe/key-of.ts';
import { openKeys } from '../app/dedupe/open-keys.ts';
import { searchPath } from '../config/settings.ts';
import { duplicateMode, MAX_WAIT_MS } from '../gates/dedupe.ts';
import { type Claim, type ClaimParts, UNKEYED } from './duplicate.ts';

/**
 * How long a claim waits for the database lock; longer than storing a row may, because the caller asked not to run a
 * hook twice.
 */
const CLAIM_BUSY_MS = 1000;

/** Interval of checks for the first execution's result; it grows, because many may wait for one. */
const MIN_POLL_MS = 10;
const MAX_POLL_MS = 80;

/** Claims the dedupe key of a run. Never throws: on an error, the hook runs. */
export async function claimKey(parts: ClaimParts): Promise<Claim> {
  const { settings, report } = parts;
  if (settings.paths === undefined) return UNKEYED;
  try {
    const { keys, note } = openKeys(settings.paths.database, CLAIM_BUSY_MS, Date.now);
    const { begin, options, payload } = parts;
    const asked = { template: options.dedupeKey, payload, path: searchPath() };
    const key = keyOf(begin, asked, note);
    return key === undefined ? UNKEYED : await claim(keys, key, parts);
  } catch (error) {
    report('claim key', error);
    return UNKEYED;
  }
}

async function claim(keys: Keys, key: string, parts: ClaimParts): Promise<Claim> {
  const { begin, options, settings, report } = parts;
  const request: KeyRequest = {
    key,
    hookName: begin.hookName,
    executionId: begin.executionId,
    owner: { pid: begin.pid, start: begin.pidStart },
    ttlSeconds: options.dedupeTtlSeconds ?? settings.dedupeTtlSeconds,
    eventType: begin.eventType,
    onDuplicate: duplicateMode(options.onDuplicate, begin.eventType),
  };
  const verdict = await waitForVerdict(keys, request, options.timeoutSeconds);
  if (verdict.kind === 'skip') return { kind: 'duplicate', key, of: verdict.of };
  if (verdict.kind === 'replay') {
    return { kind: 'duplicate', key, of: verdict.of, result: verdict.result };
  }
  if (verdict.kind !== 'run') return UNKEYED;
  return {
    kind: 'run',
    key,
    finish: (end) => {
      try {
        keys.finish(request, end);
      } catch (error) {
        // The key is free as soon as this process has exited.
        report('finish key', error);
      }
    },
  };
}

/** Waits for the first execution, as long as it lives and there is time. */
async function waitForVerdict(
  keys: Keys,
  request: KeyRequest,
  timeoutSeconds: number | undefined,
): Promise<Verdict> {
  const maxMs = Math.min((timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000, MAX_WAIT_MS);
  const until = performance.now() + maxMs;
  let verdict = keys.claim(request);
  let pollMs = MIN_POLL_MS;
  while (verdict.kind === 'wait') {
    if (performance.now() >= until) return { kind: 'run_unkeyed' };
    await wait(Math.min(pollMs, Math.max(until - performance.now(), 1)));
    pollMs = Math.min(pollMs * 1.5, MAX_POLL_MS);
    if (keys.hasChanged(request)) verdict = keys.claim(request);
  }
  return verdict;
}
