import { setTimeout as wait } from 'node:timers/promises';
import { VERSION } from '../../domain/version.ts';

/** One attempt has so long, in ms. */
const ATTEMPT_MS = 10_000;

/** Pauses between attempts, in ms; one attempt more than these. */
const PAUSES_MS = [500, 2000, 8000, 30_000];

/** So many times it is sent on to another place of the same host. */
const MOST_REDIRECTS = 3;

/** What no repetition helps against. */
class Refused extends Error {}

/**
 * Sends the JSON, again and again where the other side is not there or not well.
 * @throws what the last attempt came to. The address may hold a secret, so it is in no message
 */
export async function postWebhook(
  address: string,
  json: string,
  signal: AbortSignal,
): Promise<void> {
  for (const pauseMs of [...PAUSES_MS, undefined]) {
    try {
      await attempt(address, json, signal);
      return;
    } catch (error) {
      if (error instanceof Refused || pauseMs === undefined || signal.aborted) throw error;
      await wait(pauseMs, undefined, { signal });
    }
  }
}

async function attempt(address: string, json: string, signal: AbortSignal): Promise<void> {
  let url = new URL(address);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const { status, location } = await post(url, json, signal);
    if (status >= 200 && status < 300) return;
    if (status !== 307 && status !== 308) throw failureOf(status);
    url = elsewhere(url, location);
  }
  throw new Refused('it redirects again and again');
}

function failureOf(status: number): Error {
  const isPassing = status === 408 || status === 429 || status >= 500;
  return isPassing ? new Error(`status ${status}`) : new Refused(`status ${status}`);
}

/** What an alert says is for the host that config.json names, and for no other. */
function elsewhere(from: URL, location: string | null): URL {
  if (location === null || !URL.canParse(location, from.href)) {
    throw new Refused('it redirects to nowhere');
  }
  const to = new URL(location, from);
  if (to.origin !== from.origin) throw new Refused('it redirects to another host');
  to.username = from.username;
  to.password = from.password;
  return to;
}

async function post(url: URL, json: string, signal: AbortSignal) {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  try {
    const response = await fetch(bare, {
      method: 'POST',
      body: json,
      headers: {
        'content-type': 'application/json',
        'user-agent': `hookbus/${VERSION}`,
        ...authorizationOf(url),
      },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]),
    });
    // Nobody reads it, and without this the connection would stay.
    await response.body?.cancel();
    return { status: response.status, location: response.headers.get('location') };
  } catch (error) {
    throw new Error(wordFor(error));
  }
}

/** fetch takes no address with a password in it. */
function authorizationOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** A message of fetch may repeat the address; the code beneath it does not. */
function wordFor(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error.name === 'TimeoutError'
    ? `no answer within ${ATTEMPT_MS} ms`
    : 'it cannot be reached';
}
