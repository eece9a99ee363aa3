import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { reasonOf } from './exporter.ts';

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
  const closing = new AbortController();

  function send(body: Uint8Array): Promise<OtlpAnswer> {
    // Of the whole answer, since one that trickles in would never end.
    const time = AbortSignal.timeout(target.timeout_seconds * 1000);
    return new Promise((resolve) => {
      const later = (error: unknown): void => {
        const reason = time.aborted
          ? `no answer in ${target.timeout_seconds} s`
          : reasonOf(codeOf(error));
        resolve({ kind: 'later', reason, afterMs: 0 });
      };
      const options = {
        method: 'POST',
        headers: { ...headers, 'content-length': body.byteLength },
        signal: AbortSignal.any([time, closing.signal]),
      };
      const request = start(url, options, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const finish = (): void => {
          const { statusCode = 0, headers: answered } = response;
          resolve(answerOf(statusCode, answered, Buffer.concat(chunks)));
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
        response.on('error', later);
      });
      request.on('error', later);
      request.end(body);
    });
  }

  return { url: url.href, send, close: (): void => closing.abort() };
}

export type OtlpSender = ReturnType<typeof createOtlpSender>;

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
function codeOf(error: unknown): unknown {
  const hasNoWords = error instanceof Error && error.message === '' && 'code' in error;
  return hasNoWords ? String(error.code) : error;
}
