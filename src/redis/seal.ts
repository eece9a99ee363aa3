import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { isResult } from '../domain/execution.ts';
import type { KeyedEnd } from '../domain/key/dedupe-key.ts';
import { redactBytes } from '../redaction/redaction.ts';

/** The state of a key, for machines that have the same secret. */
export type Sealed = 'running' | KeyedEnd;

/** When the state was sealed, and until when it is valid, in ms since 1970. */
interface Times {
  readonly madeAtMs: number;
  readonly untilMs: number;
}

/** What machines do with their secret, which the server does not know. */
export interface Sealer {
  /** A key's name on the server; it reveals nothing about the key. */
  nameOf(key: string): string;
  /** Seals a state for this name and time only; the server cannot read it. */
  seal(name: string, what: Sealed, times: Times): Buffer;
  /** @throws if it was not sealed with our secret for this name, or is not valid now */
  open(name: string, bytes: Buffer, nowMs: number): Sealed;
}

/** Keeps other uses of the secret, and later versions, from making anything valid here. */
const DOMAIN = 'hookbus shared key 1';
const MAGIC = Buffer.from('HBS1');
const STATES = ['running', 'done', 'done with outputs'] as const;

const IV_BYTES = 16;
const MAC_BYTES = 32;
/** Magic, state, exit code, two times, length of stdout. */
const HEAD_BYTES = MAGIC.length + 1 + 1 + 8 + 8 + 4;

/** Larger results are not stored: a refusal is short, and the search for secrets must not delay anybody. */
const MAX_RESULT_BYTES = 64 * 1024;
/** No machine seals more than this. */
export const MAX_SEALED_BYTES = HEAD_BYTES + IV_BYTES + MAX_RESULT_BYTES + MAC_BYTES;

/** How far the clocks of two machines may differ, in ms. */
const SKEW_MS = 60_000;

/**
 * Whether a result may leave this machine: it is final, small, and contains nothing that looks like a secret. A redacted
 * result would not be what the hook wrote, so the next execution runs the hook.
 */
export function isShareable({ exitCode, outputs }: KeyedEnd): boolean {
  if (!isResult(exitCode)) return false;
  if (outputs === undefined) return true;
  const streams = [outputs.stdout, outputs.stderr];
  const bytes = outputs.stdout.length + outputs.stderr.length;
  return bytes <= MAX_RESULT_BYTES && streams.every((stream) => redactBytes(stream) === stream);
}

/** Derives a separate key for each use of the secret. */
export function createSealer(secret: string): Sealer {
  const keyFor = (use: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', `${DOMAIN}: ${use}`, 32));
  const [nameKey, macKey, cipherKey] = [keyFor('name'), keyFor('mac'), keyFor('cipher')];

  const macOf = (name: string, sealed: Buffer): Buffer =>
    createHmac('sha256', macKey).update(`${DOMAIN}\0${name}\0`).update(sealed).digest();

  return {
    nameOf: (key) => createHmac('sha256', nameKey).update(key).digest('hex'),
    seal(name, what, times) {
      const { head, body } = encode(what, times);
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-ctr', cipherKey, iv);
      const sealed = Buffer.concat([head, iv, cipher.update(body), cipher.final()]);
      return Buffer.concat([sealed, macOf(name, sealed)]);
    },
    open(name, bytes, nowMs) {
      const sealed = bytes.subarray(0, -MAC_BYTES);
      if (sealed.length < HEAD_BYTES + IV_BYTES || bytes.length > MAX_SEALED_BYTES)
        throw new Error('the stored value has an unknown format');
      if (!timingSafeEqual(macOf(name, sealed), bytes.subarray(-MAC_BYTES)))
        throw new Error('the stored value was not sealed with our secret for this key');
      const iv = sealed.subarray(HEAD_BYTES, HEAD_BYTES + IV_BYTES);
      const decipher = createDecipheriv('aes-256-ctr', cipherKey, iv);
      const rest = sealed.subarray(HEAD_BYTES + IV_BYTES);
      const body = Buffer.concat([decipher.update(rest), decipher.final()]);
      return decode(sealed.subarray(0, HEAD_BYTES), body, nowMs);
    },
  };
}

function encode(what: Sealed, { madeAtMs, untilMs }: Times): { head: Buffer; body: Buffer } {
  const end = what === 'running' ? undefined : what;
  const { stdout = new Uint8Array(), stderr = new Uint8Array() } = end?.outputs ?? {};
  const state = end === undefined ? 'running' : end.outputs ? 'done with outputs' : 'done';
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  let at = head.writeUInt8(STATES.indexOf(state), MAGIC.length);
  at = head.writeUInt8(end?.exitCode ?? 0, at);
  at = head.writeDoubleBE(madeAtMs, at);
  at = head.writeDoubleBE(untilMs, at);
  head.writeUInt32BE(stdout.length, at);
  return { head, body: Buffer.concat([stdout, stderr]) };
}

/** Decodes what was sealed with our secret, though perhaps by another version, or by a colleague. */
function decode(head: Buffer, body: Buffer, nowMs: number): Sealed {
  const at = MAGIC.length;
  const state = STATES[head.readUInt8(at)];
  const exitCode = head.readUInt8(at + 1);
  const [madeAtMs, untilMs] = [head.readDoubleBE(at + 2), head.readDoubleBE(at + 10)];
  const stdoutLength = head.readUInt32BE(at + 18);
  if (!head.subarray(0, at).equals(MAGIC) || state === undefined || stdoutLength > body.length)
    throw new Error('the stored value has an unknown format');
  // Written so that NaN is not valid.
  if (!(untilMs > nowMs)) throw new Error('the stored value has expired; do the clocks agree?');
  if (!(madeAtMs <= nowMs + SKEW_MS))
    throw new Error('the stored value comes from the future; do the clocks agree?');
  if (state === 'running') return 'running';
  if (!isResult(exitCode)) throw new Error(`the stored value has exit code ${exitCode}`);
  if (state === 'done') return { exitCode };
  const [stdout, stderr] = [body.subarray(0, stdoutLength), body.subarray(stdoutLength)];
  return { exitCode, outputs: { stdout, stderr } };
}
