import { createHash } from 'node:crypto';
import type { KeyResult } from '../domain/dedupe-key.ts';

/** What a stored result begins with: whose it is, and the version of what follows. */
const MAGIC = Buffer.from('HBR1');
const DIGEST_BYTES = 32;
/** Magic, exit code, two lengths, digest. */
const HEAD_BYTES = MAGIC.length + 1 + 4 + 4 + DIGEST_BYTES;

/** Larger results are not stored: reading them back would take longer than a claim may. */
const MOST_RESULT_BYTES = 2 * 1024 * 1024;

/** Whether a result may be stored: it is one, and small enough. */
export function isStorable({ exitCode, stdout, stderr }: KeyResult): boolean {
  return isResultCode(exitCode) && stdout.length + stderr.length <= MOST_RESULT_BYTES;
}

/**
 * The bytes of a result: `HBR1`, exit code (1 byte), length of stdout and of stderr (4 bytes each, big endian), SHA-256
 * of the key's name and of all the rest, stdout, stderr.
 */
export function encodeResult(name: string, { exitCode, stdout, stderr }: KeyResult): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  let at = head.writeUInt8(exitCode, MAGIC.length);
  at = head.writeUInt32BE(stdout.length, at);
  at = head.writeUInt32BE(stderr.length, at);
  const body = Buffer.concat([stdout, stderr]);
  digestOf(name, head.subarray(0, at), body).copy(head, at);
  return Buffer.concat([head, body]);
}

/** @throws where this is not, to the last bit, what `encodeResult` made for this name */
export function decodeResult(name: string, bytes: Buffer): KeyResult {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new Error('a result of another make');
  const exitCode = bytes.readUInt8(MAGIC.length);
  const stdoutLength = bytes.readUInt32BE(MAGIC.length + 1);
  const stderrLength = bytes.readUInt32BE(MAGIC.length + 5);
  const digestAt = HEAD_BYTES - DIGEST_BYTES;
  const body = bytes.subarray(HEAD_BYTES);
  if (!isResultCode(exitCode)) throw new Error(`a result with exit code ${exitCode}`);
  if (body.length !== stdoutLength + stderrLength) throw new Error('a result of another length');
  const digest = digestOf(name, bytes.subarray(0, digestAt), body);
  if (!digest.equals(bytes.subarray(digestAt, HEAD_BYTES)))
    throw new Error('a result with another digest');
  return { exitCode, stdout: body.subarray(0, stdoutLength), stderr: body.subarray(stdoutLength) };
}

/** Any other end of a hook frees its key. */
const isResultCode = (exitCode: number): boolean => exitCode === 0 || exitCode === 2;

const digestOf = (name: string, head: Buffer, body: Buffer): Buffer =>
  createHash('sha256').update(name).update(head).update(body).digest();
