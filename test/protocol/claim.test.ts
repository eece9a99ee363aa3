import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type ClaimFrame,
  decodeClaim,
  decodeResult,
  decodeVerdict,
  encodeClaim,
  encodeResult,
  encodeVerdict,
  type ResultFrame,
  type VerdictFrame,
} from '../../src/protocol/claim.ts';
import { type Frame, FrameError, splitFrames } from '../../src/protocol/frame.ts';

const golden = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/frames/${name}.bin`, import.meta.url));

const only = (bytes: Buffer): Frame => splitFrames(bytes).frames[0] as Frame;

const CLAIM: ClaimFrame = {
  template: '{tool_input.file_path}:é',
  ttlSeconds: 600,
  onDuplicate: 'replay',
  isUnshared: true,
  payload: Buffer.from('{"tool_input":{"file_path":"/a"}}\n'),
};
const DENY: ClaimFrame = {
  ttlSeconds: 3600,
  onDuplicate: 'deny',
  payload: Buffer.from('{}\n'),
  path: '/usr/local/bin:/usr/bin:/bin',
};
const RUN: VerdictFrame = { kind: 'run', key: 'guard:PreToolUse:toolu_1', wantsOutputs: true };
const REPLAY: VerdictFrame = {
  kind: 'replay',
  key: 'guard:PreToolUse:toolu_1',
  of: '0199f0c1-0000-7000-8000-000000000001',
  wantsOutputs: false,
  result: { exitCode: 2, stdout: Buffer.from([0, 255, 10]), stderr: Buffer.from('no\n') },
};
const OUTPUTS: ResultFrame = {
  executionId: '0199f0c1-0000-7000-8000-000000000001',
  hookName: 'guard',
  key: 'guard:PreToolUse:toolu_1',
  end: { exitCode: 2, outputs: { stdout: Buffer.from([0, 255, 10]), stderr: Buffer.alloc(0) } },
};
const FAILED: ResultFrame = {
  executionId: '0199f0c1-0000-7000-8000-000000000001',
  hookName: 'guard',
  key: 'guard:PreToolUse:toolu_1',
};

describe('the exchange about a dedupe key', () => {
  it.each([
    ['claim', encodeClaim(CLAIM), decodeClaim, CLAIM],
    ['claim-deny', encodeClaim(DENY), decodeClaim, DENY],
    ['verdict-run', encodeVerdict(RUN), decodeVerdict, RUN],
    ['verdict-replay', encodeVerdict(REPLAY), decodeVerdict, REPLAY],
    ['result-outputs', encodeResult(OUTPUTS), decodeResult, OUTPUTS],
    ['result-failed', encodeResult(FAILED), decodeResult, FAILED],
  ] as const)('%s is the golden frame, written and read', (name, written, decode, meant) => {
    expect(written.toString('hex')).toBe(golden(name).toString('hex'));
    expect((decode as (frame: Frame) => unknown)(only(golden(name)))).toEqual(meant);
  });

  it('ignores a URL from an older launcher', () => {
    const frame = only(encodeClaim(CLAIM));
    const body = Buffer.from(frame.body.toString('latin1').replace('off', 'red'), 'latin1');
    const { isUnshared: _, ...shared } = CLAIM;
    expect(decodeClaim({ ...frame, body })).toEqual(shared);
  });

  it('refuses invalid frames', () => {
    expect(() => decodeClaim(only(encodeClaim({ ttlSeconds: 0 })))).toThrow(FrameError);
    expect(() => decodeResult(only(encodeResult({ ...FAILED, key: '' })))).toThrow(FrameError);
    const verdict = encodeVerdict(RUN);
    verdict.writeUInt8(9, 11);
    expect(() => decodeVerdict(only(verdict))).toThrow('a verdict has an unknown kind');
  });
});
