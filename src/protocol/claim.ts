/*
 * The exchange about a dedupe key, before and after the hook: a begin frame and a claim from the engine, a verdict from
 * the daemon, the result from the engine. A connection that closes without a result ends the claim.
 * docs/protocol.md; tags as in src/launcher/frame.h.
 */
import type { KeyedEnd, KeyResult, OnDuplicate } from '../domain/key/dedupe-key.ts';
import type { Begin } from '../domain/record.ts';
import { createFrameWriter, FRAME_KIND, type Frame, FrameError, readFields } from './frame.ts';

const CLAIM = {
  template: 1,
  ttlSeconds: 2,
  onDuplicate: 3,
  sharing: 4,
  payload: 5,
  path: 6,
} as const;

const VERDICT = {
  kind: 1,
  key: 2,
  exitCode: 3,
  stdout: 4,
  stderr: 5,
  of: 6,
  wantsOutputs: 7,
  refuses: 8,
} as const;

const RESULT = {
  executionId: 1,
  hookName: 2,
  key: 3,
  exitCode: 4,
  stdout: 5,
  stderr: 6,
} as const;

const MODES: readonly (OnDuplicate | undefined)[] = [undefined, 'replay', 'skip', 'deny'];
const VERDICT_KINDS = ['run', 'skip', 'replay', 'wait'] as const;

/** An engine's request; its begin frame comes first. */
export interface ClaimFrame {
  /** The value of `--dedupe-key`; undefined for `--dedupe`. */
  readonly template?: string;
  readonly ttlSeconds: number;
  /** Undefined: the event decides. */
  readonly onDuplicate?: OnDuplicate;
  /** `HOOKBUS_DEDUPE_URL` is `off`: the keys stay on this machine. */
  readonly isUnshared?: true;
  readonly payload?: Uint8Array;
  /** `PATH` of the execution, on which the hook's program is found. */
  readonly path?: string;
}

/** The daemon's answer to an engine. */
export interface VerdictFrame {
  readonly kind: (typeof VERDICT_KINDS)[number];
  /** Absent if the execution is not deduplicated after all. */
  readonly key?: string;
  /** The first execution with this key. */
  readonly of?: string;
  /** With `run`: a result without the outputs is useless to duplicates. */
  readonly wantsOutputs?: boolean;
  /** With `replay`. */
  readonly result?: KeyResult;
  /** With `replay`: the result is a refusal on this event, so it may be repeated even where a hook can block. */
  readonly refuses?: boolean;
}

/** The result of a claim that was granted. */
export interface ResultFrame {
  readonly executionId: string;
  readonly hookName: string;
  readonly key: string;
  /** Absent if duplicates may not share the result. */
  readonly end?: KeyedEnd;
}

export function encodeClaim(claim: ClaimFrame): Buffer {
  const frame = createFrameWriter(FRAME_KIND.claim);
  frame.text(CLAIM.template, claim.template);
  frame.number(CLAIM.ttlSeconds, claim.ttlSeconds);
  frame.number(CLAIM.onDuplicate, MODES.indexOf(claim.onDuplicate));
  frame.text(CLAIM.sharing, claim.isUnshared && 'off');
  if (claim.payload !== undefined) frame.bytes(CLAIM.payload, claim.payload);
  frame.text(CLAIM.path, claim.path);
  return frame.finish();
}

/** @throws FrameError */
export function decodeClaim(frame: Frame): ClaimFrame {
  const fields = readFields(frame.body);
  const ttlSeconds = fields.number(CLAIM.ttlSeconds) ?? 0;
  if (ttlSeconds < 1) throw new FrameError('a claim has no time to live');
  const template = fields.text(CLAIM.template);
  const onDuplicate = MODES[fields.number(CLAIM.onDuplicate) ?? 0];
  // An older launcher sends a URL, which has no effect.
  const isUnshared = fields.text(CLAIM.sharing) === 'off';
  const payload = fields.bytes(CLAIM.payload);
  const path = fields.text(CLAIM.path);
  return {
    ttlSeconds,
    ...(template === undefined ? {} : { template }),
    ...(onDuplicate === undefined ? {} : { onDuplicate }),
    ...(isUnshared ? { isUnshared } : {}),
    ...(payload === undefined ? {} : { payload }),
    ...(path === undefined ? {} : { path }),
  };
}

export function encodeVerdict(verdict: VerdictFrame): Buffer {
  const frame = createFrameWriter(FRAME_KIND.verdict);
  frame.number(VERDICT.kind, VERDICT_KINDS.indexOf(verdict.kind));
  frame.text(VERDICT.key, verdict.key);
  frame.text(VERDICT.of, verdict.of);
  frame.number(VERDICT.wantsOutputs, verdict.wantsOutputs === true ? 1 : undefined);
  if (verdict.result !== undefined) {
    frame.number(VERDICT.exitCode, verdict.result.exitCode);
    frame.bytes(VERDICT.stdout, verdict.result.stdout);
    frame.bytes(VERDICT.stderr, verdict.result.stderr);
    frame.number(VERDICT.refuses, verdict.refuses === true ? 1 : undefined);
  }
  return frame.finish();
}

/** @throws FrameError */
export function decodeVerdict(frame: Frame): VerdictFrame {
  const fields = readFields(frame.body);
  const kind = VERDICT_KINDS[fields.number(VERDICT.kind) ?? -1];
  if (kind === undefined) throw new FrameError('a verdict has an unknown kind');
  const key = fields.text(VERDICT.key);
  const of = fields.text(VERDICT.of);
  const exitCode = fields.number(VERDICT.exitCode);
  const stdout = fields.bytes(VERDICT.stdout) ?? new Uint8Array();
  const stderr = fields.bytes(VERDICT.stderr) ?? new Uint8Array();
  return {
    kind,
    ...(key === undefined ? {} : { key }),
    ...(of === undefined ? {} : { of }),
    wantsOutputs: fields.number(VERDICT.wantsOutputs) === 1,
    ...(exitCode === undefined ? {} : { result: { exitCode, stdout, stderr } }),
    ...(fields.number(VERDICT.refuses) === 1 ? { refuses: true } : {}),
  };
}

export function encodeResult(ended: ResultFrame): Buffer {
  const frame = createFrameWriter(FRAME_KIND.result);
  frame.text(RESULT.executionId, ended.executionId);
  frame.text(RESULT.hookName, ended.hookName);
  frame.text(RESULT.key, ended.key);
  frame.number(RESULT.exitCode, ended.end?.exitCode);
  if (ended.end?.outputs !== undefined) {
    frame.bytes(RESULT.stdout, ended.end.outputs.stdout);
    frame.bytes(RESULT.stderr, ended.end.outputs.stderr);
  }
  return frame.finish();
}

/** @param begin of the execution, if it came before: a run without a name gives none here. @throws FrameError */
export function decodeResult(frame: Frame, begin?: Pick<Begin, 'hookName'>): ResultFrame {
  const fields = readFields(frame.body);
  const executionId = fields.text(RESULT.executionId) ?? '';
  const key = fields.text(RESULT.key) ?? '';
  if (executionId === '' || key === '')
    throw new FrameError('a result names no execution or no key');
  const exitCode = fields.number(RESULT.exitCode);
  const stdout = fields.bytes(RESULT.stdout);
  const stderr = fields.bytes(RESULT.stderr);
  const outputs =
    stdout === undefined || stderr === undefined ? {} : { outputs: { stdout, stderr } };
  return {
    executionId,
    hookName: fields.text(RESULT.hookName) || (begin?.hookName ?? ''),
    key,
    ...(exitCode === undefined ? {} : { end: { exitCode, ...outputs } }),
  };
}
