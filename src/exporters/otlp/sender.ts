import { reasonOf } from '../../domain/errors.ts';
import type { Answered, Network } from '../../network/network.ts';

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
const MAX_ANSWER_BYTES = 64 * 1024;

/** A collector that wants to be left alone for longer, in ms, is asked again all the same. */
const MAX_AFTER_MS = 10 * 60_000;

/** Of the OTLP specification. */
const LATER_STATUSES: ReadonlySet<number | undefined> = new Set([429, 502, 503, 504]);

/**
 * Sends requests of one signal, over OTLP/HTTP.
 *
 * The transport of the OpenTelemetry packages is not used: it takes headers from the environment too, keeps a process up
 * while it waits for its next try, and does not say what Retry-After was, nor how many spans were refused.
 * @param signal such as `traces`
 * @param network asked at each sending
 */
export function createOtlpSender(target: OtlpTarget, signal: string, network: () => Network) {
  const url = new URL(target.endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal}`;
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
      const post = { headers, body, signal: stop.signal, most: MAX_ANSWER_BYTES };
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

function answerOf({ status, headers, body }: Answered): OtlpAnswer {
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
  return Math.min(Math.max(ms || 0, 0), MAX_AFTER_MS);
}

/** Several addresses that all failed make an error without words. */
function wordsOf(error: unknown): unknown {
  const hasNoWords = error instanceof Error && error.message === '' && 'code' in error;
  return hasNoWords ? String(error.code) : error;
}
