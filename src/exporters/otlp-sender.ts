import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { reasonOf } from '../domain/errors.ts';

export interface OtlpTarget {
  /** Without the path of a signal. */
  readonly endpoint: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  readonly timeout_seconds: number;
}

/** What came of sending. */
export type OtlpAnswer =
  | { readonly kind: 'sent'; readonly contentType: string; readonly body: Buffer }
  /** The same may work later, and not before `afterMs`. */
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs: number }
  | { readonly kind: 'refused'; readonly reason: string };

/** More, in bytes, is not read of an answer. */
const MOST_ANSWER_BYTES = 64 * 1024;

/** A collector that wants to be left alone for longer, in ms, is asked again all the same. */
const MOST_AFTER_MS = 10 * 60_000;

/** Of the OTLP specification. */
const LATER_STATUSES: ReadonlySet<number | undefined> = new Set([429, 502, 503, 504]);

/**
 * Sends requests of one signal, over OTLP/HTTP.
 *
 * The transport of the OpenTelemetry packages is not used: it takes headers from the environment too, keeps a process up
 * while it waits for its next try, and does not say what Retry-After was, nor how many spans were refused.
 * @param signal such as `traces`
 */
export function createOtlpSender(target: OtlpTarget, signal: string) {
  const url = new URL(target.endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal}`;
  const start = url.protocol === 'https:' ? requestHttps : requestHttp;
  const isJson = target.protocol === 'http/json';
  const headers = {
    'user-agent': 'hookbus',
    ...target.headers,
    'content-type': isJson ? 'application/json' : 'application/x-protobuf',
  };
  const open = new Set<AbortController>();

  async function send(body: Uint8Array): Promise<OtlpAnswer> {
    const stop = new AbortController();
    let isLate = false;
    // Of the whole answer, since one that trickles in would never end.
    const timer = setTimeout(() => {
      isLate = true;
      stop.abort();
    }, target.timeout_seconds * 1000);
    open.add(stop);
    try {
      return await ask(body, stop.signal);
    } catch (error) {
      const reason = isLate ? `no answer in ${target.timeout_seconds} s` : reasonOf(wordsOf(error));
      return { kind: 'later', reason, afterMs: 0 };
    } finally {
      clearTimeout(timer);
      open.delete(stop);
    }
  }

  function ask(body: Uint8Array, signal: AbortSignal): Promise<OtlpAnswer> {
    return new Promise((resolve, reject) => {
      const options = {
        method: 'POST',
        headers: { ...headers, 'content-length': body.byteLength },
        signal,
      };
      const request = start(url, options, (response) => {
        readAnswer(response).then(resolve, reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  const close = (): void => {
    for (const one of open) one.abort();
  };
  return { url: url.href, send, close };
}

function readAnswer(response: IncomingMessage): Promise<OtlpAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (): void => {
      resolve(answerOf(response.statusCode ?? 0, response.headers, Buffer.concat(chunks)));
    };
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MOST_ANSWER_BYTES) chunks.push(chunk);
      else {
        finish();
        response.destroy();
      }
    });
    response.on('end', finish);
    response.on('error', reject);
  });
}

function answerOf(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Buffer,
): OtlpAnswer {
  if (status >= 200 && status < 300) {
    return { kind: 'sent', contentType: String(headers['content-type'] ?? ''), body };
  }
  const reason = `HTTP ${status}`;
  if (!LATER_STATUSES.has(status)) return { kind: 'refused', reason };
  return { kind: 'later', reason, afterMs: afterMs(String(headers['retry-after'] ?? '')) };
}

/** Seconds, or a date. */
function afterMs(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Math.min(Math.max(ms || 0, 0), MOST_AFTER_MS);
}

/** Several addresses that all failed make an error without words. */
function wordsOf(error: unknown): unknown {
  const hasNoWords = error instanceof Error && error.message === '' && 'code' in error;
  return hasNoWords ? String(error.code) : error;
}
