import { setTimeout as wait } from 'node:timers/promises';
import type { KeyRequest, Keys, Verdict } from '../app/dedupe/dedupe.ts';
import { keyOf } from '../app/dedupe/key-of.ts';
import { openKeys } from '../app/dedupe/open-keys.ts';
import { searchPath } from '../config/settings.ts';
import { duplicateMode, MAX_WAIT_MS } from '../gates/dedupe.ts';
import { type Claim, type ClaimParts, UNKEYED } from './duplicate.ts';

/**
 * How long a claim waits for others who write, in ms: longer than storing a row may, since a hook that would run twice is
 * what the caller asked to be kept from.
 */
const CLAIM_BUSY_MS = 1000;

/** How soon the first one is looked at, in ms, and how seldom once it takes its time: many may wait for one. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 80;

/** Asks for the dedupe key of a run. Never throws: on doubt, the hook runs. */
export async function claimKey(parts: ClaimParts): Promise<Claim> {
  const { settings, report } = parts;
  if (settings.paths === undefined) return UNKEYED;
  try {
    const { keys, note } = openKeys(settings.paths.database, CLAIM_BUSY_MS, Date.now);
    const { begin, options, payload } = parts;
    const asked = { template: options.dedupeKey, payload, path: searchPath() };
    const key = keyOf(begin, asked, note);
    return key === undefined ? UNKEYED : await ask(keys, key, parts);
  } catch (error) {
    report('claim key', error);
    return UNKEYED;
  }
}

async function ask(keys: Keys, key: string, parts: ClaimParts): Promise<Claim> {
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
        // The key is free again as soon as this process is gone.
        report('finish key', error);
      }
    },
  };
}

/** Waits for the first one, as long as it lives and there is time. */
async function waitForVerdict(
  keys: Keys,
  request: KeyRequest,
  timeoutSeconds: number | undefined,
): Promise<Verdict> {
  const mostMs = Math.min((timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000, MAX_WAIT_MS);
  const until = performance.now() + mostMs;
  let verdict = keys.claim(request);
  let lookMs = FIRST_LOOK_MS;
  while (verdict.kind === 'wait') {
    if (performance.now() >= until) return { kind: 'run_unkeyed' };
    await wait(Math.min(lookMs, Math.max(until - performance.now(), 1)));
    lookMs = Math.min(lookMs * 1.5, LAST_LOOK_MS);
    if (keys.hasMoved(request)) verdict = keys.claim(request);
  }
  return verdict;
}
