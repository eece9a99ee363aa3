import { setTimeout as wait } from 'node:timers/promises';
import { VERSION } from '../../domain/version.ts';
import { type Network, ProxyError } from '../../network/network.ts';

/** Time limit of one attempt. */
const ATTEMPT_MS = 10_000;

/** Pauses between attempts; there is one attempt more than pauses. */
const PAUSES_MS = [500, 2000, 8000, 30_000];

/** How many redirects to the same host one attempt follows. */
const MAX_REDIRECTS = 3;

interface WebhookParts {
  readonly signal: AbortSignal;
  /** Called for each attempt. */
  readonly network: () => Network;
}

/** An error that a retry cannot fix. */
class Refused extends Error {}

/**
 * Posts the JSON, and retries if the server is unreachable or overloaded.
 * @throws the error of the last attempt. No message contains the address, because it may hold a secret
 */
export async function postWebhook(
  address: string,
  json: string,
  parts: WebhookParts,
): Promise<void> {
  const { signal } = parts;
  for (const pauseMs of [...PAUSES_MS, undefined]) {
    try {
      await attempt(address, json, parts);
      return;
    } catch (error) {
      if (error instanceof Refused || pauseMs === undefined || signal.aborted) throw error;
      await wait(pauseMs, undefined, { signal });
    }
  }
}

async function attempt(address: string, json: string, parts: WebhookParts): Promise<void> {
  let url = new URL(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const { status, location } = await post(url, json, parts);
    if (status >= 200 && status < 300) return;
    if (status !== 307 && status !== 308) throw failureOf(status);
    url = elsewhere(url, location);
  }
  throw new Refused('it redirects too often');
}

function failureOf(status: number): Error {
  const isTemporary = status === 408 || status === 429 || status >= 500;
  return isTemporary ? new Error(`status ${status}`) : new Refused(`status ${status}`);
}

/** Follows a redirect only to the host in config.json: alerts must not reach any other host. */
function elsewhere(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw new Refused('it redirects without a valid address');
  }
  const to = new URL(location, from);
  if (to.origin !== from.origin) throw new Refused('it redirects to another host');
  to.username = from.username;
  to.password = from.password;
  return to;
}

async function post(url: URL, json: string, { signal, network }: WebhookParts) {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  try {
    const { status, headers } = await network().post(bare, {
      headers: {
        'content-type': 'application/json',
        'user-agent': `hookbus/${VERSION}`,
        ...authorizationOf(url),
      },
      body: Buffer.from(json),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]),
      // Nobody reads the response body.
      maxBytes: 0,
    });
    return { status, location: headers.location };
  } catch (error) {
    throw new Error(wordFor(error));
  }
}

/** URLs percent-encode the password; the header must not. */
function authorizationOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Names the error by its code: a message may repeat the address. */
function wordFor(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached';
  if (error instanceof ProxyError) return error.message;
  const { cause } = error;
  if (cause instanceof Error && cause.name === 'TimeoutError') {
    return `no answer within ${ATTEMPT_MS} ms`;
  }
  return 'code' in error ? String(error.code) : 'it cannot be reached';
}
