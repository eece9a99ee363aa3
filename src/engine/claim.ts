import { agentOf } from '../agents/recognize.ts';
import type { KeyRequest, Keys } from '../app/dedupe/dedupe.ts';
import { keyOf } from '../app/dedupe/key-of.ts';
import { openKeys, waitForVerdict } from '../app/dedupe/open-keys.ts';
import { searchPath } from '../config/settings.ts';
import { duplicateMode, MAX_WAIT_MS } from '../gates/dedupe.ts';
import { type ClaimParts, type HookClaim, UNKEYED } from './duplicate.ts';

/** Claims the dedupe key of a run. Never throws: on an error, the hook runs. */
export async function claimKey(parts: ClaimParts): Promise<HookClaim> {
  const { settings, report } = parts;
  if (settings.paths === undefined) return UNKEYED;
  try {
    const { keys, note } = openKeys(settings.paths.database);
    const { begin, options, payload } = parts;
    const asked = { template: options.dedupeKey, payload, path: searchPath() };
    const key = keyOf(begin, asked, note);
    return key === undefined ? UNKEYED : await claim(keys, key, parts);
  } catch (error) {
    report('claim key', error);
    return UNKEYED;
  }
}

async function claim(keys: Keys, key: string, parts: ClaimParts): Promise<HookClaim> {
  const { begin, options, settings, report } = parts;
  const request: KeyRequest = {
    key,
    hookName: begin.hookName,
    executionId: begin.executionId,
    owner: { pid: begin.pid, start: begin.pidStart },
    ttlSeconds: options.dedupeTtlSeconds ?? settings.dedupeTtlSeconds,
    eventType: begin.eventType,
    agent: agentOf(begin),
    onDuplicate: duplicateMode(options.onDuplicate, begin.eventType, agentOf(begin)),
  };
  const maxMs = Math.min((options.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000, MAX_WAIT_MS);
  const until = performance.now() + maxMs;
  const verdict = await waitForVerdict(keys, request, keys.claim(request), until);
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
