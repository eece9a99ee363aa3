import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { reasonOf } from '../../domain/errors.ts';
import type { HttpResponse, Network } from '../../network/network.ts';

export interface OtlpTarget {
  /** The URL without the path of a signal. */
  readonly endpoint: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly compression: 'none' | 'gzip';
  readonly headers: Readonly<Record<string, string>>;
  readonly timeout_seconds: number;
}

/** The result of sending. */
export type OtlpAnswer =
  | { readonly kind: 'sent'; readonly contentType: string; readonly body: Buffer }
  /** The same request may succeed later, but not before `afterMs`. */
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs: number }
  | { readonly kind: 'refused'; readonly reason: string; readonly status: number };

/** Responses are truncated to this many bytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Maximum pause that a collector can ask for, in ms. */
const MAX_AFTER_MS = 10 * 60_000;

export const NO_COLLECTOR = 'the server at this URL is not an OTLP collector';

const compress = promisify(gzip);

/** From the OTLP specification. */
const LATER_STATUSES: ReadonlySet<number | undefined> = new Set([429, 502, 503, 504]);

/**
 * Sends requests of one signal over OTLP/HTTP.
 *
 * It replaces the transport of the OpenTelemetry packages, which also reads headers from the environment, keeps the process
 * alive while it waits for a retry, and reports neither Retry-After nor how many spans were rejected.
 * @param signal such as `traces`
 * @param network called for each request
 */
export function createOtlpSender(target: OtlpTarget, signal: string, network: () => Network) {
  const url = new URL(target.endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal}`;
  const isJson = target.protocol === 'http/json';
  const headers = {
    'user-agent': 'hookbus',
    ...target.headers,
    'content-type': isJson ? 'application/json' : 'application/x-protobuf',
    ...(target.compression === 'gzip' && { 'content-encoding': 'gzip' }),
  };
  const open = new Set<AbortController>();

  async function send(content: Uint8Array): Promise<OtlpAnswer> {
    const stop = new AbortController();
    let isLate = false;
    // Limits the whole response, since one that trickles in might never end.
    const timer = setTimeout(() => {
      isLate = true;
      stop.abort();
    }, target.timeout_seconds * 1000);
    open.add(stop);
    try {
      const body = target.compression === 'gzip' ? await compress(content) : content;
      const post = { headers, body, signal: stop.signal, maxBytes: MAX_ANSWER_BYTES };
      return answerOf(await network().post(url, post));
    } catch (error) {
      const reason = isLate ? `no answer in ${target.timeout_seconds} s` : reasonOf(wordsOf(error));
      return { kind: 'later', reason, afterMs: 0 };
    } finally {
      clearTimeout(timer);
      open.delete(stop);
    }
  }

  const close = (): void => {
    for (const one of open) one.abort();
  };
  return { url: url.href, send, close };
}

function answerOf({ status, headers, body }: HttpResponse): OtlpAnswer {
  if (status >= 200 && status < 300) {
    const contentType = String(headers['content-type'] ?? '');
    // The page of a network or a proxy that wants somebody to sign in first.
    if (/^text\/html\b/i.test(contentType)) {
      return { kind: 'later', reason: NO_COLLECTOR, afterMs: 0 };
    }
    return { kind: 'sent', contentType, body };
  }
  const reason = `HTTP ${status}`;
  if (!LATER_STATUSES.has(status)) return { kind: 'refused', reason, status };
  return { kind: 'later', reason, afterMs: afterMs(String(headers['retry-after'] ?? '')) };
}

/** Parses seconds or a date. */
function afterMs(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Math.min(Math.max(ms || 0, 0), MAX_AFTER_MS);
}

/** If all addresses of a host fail, the error has an empty message. */
function wordsOf(error: unknown): unknown {
  const hasNoWords = error instanceof Error && error.message === '' && 'code' in error;
  return hasNoWords ? String(error.code) : error;
}
