import type { SecureContext } from 'node:tls';
import { reasonOf } from '../domain/errors.ts';
import type { KeyedEnd } from '../domain/key/dedupe-key.ts';
import { readSharedAddress, type SharedAddress } from './address.ts';
import { type Script, SharedKeysError, SharedLink } from './link.ts';
import { createSealer, isShareable, type Sealed, type Sealer } from './seal.ts';

export { SharedKeysError } from './link.ts';

/** The result of a claim. */
export type SharedState =
  /** This token owns the key now. */
  | { readonly kind: 'claimed' }
  /** Another machine owns the key. */
  | { readonly kind: 'running' }
  /** Another machine has finished. */
  | { readonly kind: 'done'; readonly end: KeyedEnd };

/** Dedupe keys that machines share. */
export interface SharedKeys {
  /**
   * Atomically claims a key for a token, which belongs to one execution. A token may claim its own key again. Rejects with
   * a SharedKeysError if the server is unreachable, slow, or responds with nonsense (anything that was not sealed with our
   * secret for this key and this time); at once while there is no connection. If the server carries out a claim after
   * that, the claim is released.
   */
  claim(key: string, token: string, leaseMs: number): Promise<SharedState>;
  /**
   * Stores the result and keeps the key for `ttlMs`, if the token still owns it. A result that cannot be shared, is too
   * large, or contains a secret frees the key instead. Rejects like `claim`, but waits longer, and then frees the key.
   */
  finish(key: string, token: string, end: KeyedEnd, ttlMs: number): Promise<void>;
  /** Frees the key, if the token still owns it. After a failure, this is done once the server is back. */
  release(key: string, token: string): Promise<void>;
  /** Extends the lease; false if the token no longer owns the key. */
  extend(key: string, token: string, leaseMs: number): Promise<boolean>;
  /** For `status`, without the password. `failures` counts rejected calls. */
  state(): SharedKeysState;
  /** Ends the connection and leaves no handle open. All later calls reject. */
  close(): void;
}

interface SharedKeysState {
  readonly url: string;
  readonly isConnected: boolean;
  readonly lastError: string | undefined;
  readonly failures: number;
}

export interface SharedKeysOptions {
  /** The secret that machines share and the server does not know. */
  readonly secret: string;
  readonly now?: () => number;
  readonly keyPrefix?: string;
  /** Time limit of a claim, in ms. */
  readonly answerMs?: number;
  /** Which certificates to trust, asked at each connection; undefined: the usual ones. */
  readonly trust?: () => SecureContext | undefined;
}

/** Time limit for commands that nobody waits for, in ms. */
const BACKGROUND_MS = 1000;
/** Maximum number of keys to release once the server is back; the oldest ones above it simply expire. */
const MAX_PENDING_RELEASES = 1000;
/** How long a key that could not be released may be owned, in ms, if its lease is not known. */
const USUAL_LEASE_MS = 10 * 60_000;

// A value is `run:TOKEN:` or, once finished, `done:TOKEN:`, followed by the sealed state. Setting it again extends it.
const OWNS = `
local mine = 'run:' .. ARGV[1] .. ':'
local held = redis.call('get', KEYS[1]) or ''
local owns = string.sub(held, 1, #mine) == mine
`;
const CLAIM = `${OWNS}
if held ~= '' and not owns then return {'held', held} end
redis.call('set', KEYS[1], mine .. ARGV[3], 'PX', ARGV[2])
return {'claimed'}`;
const FINISH = `${OWNS}
if not owns then return 0 end
redis.call('set', KEYS[1], 'done:' .. ARGV[1] .. ':' .. ARGV[3], 'PX', ARGV[2])
return 1`;
const RELEASE = `${OWNS}
if not owns then return 0 end
redis.call('del', KEYS[1])
return 1`;
const EXTEND = `${OWNS}
if not owns then return 0 end
redis.call('set', KEYS[1], mine .. ARGV[3], 'PX', ARGV[2])
return 1`;
/** The part before the sealed state, which alone counts. */
const PREFIX = /^[^:]*:[^:]*:/;
const MAX_PREFIX_BYTES = 100;

/** Connects in the background, and again whenever the connection is lost. Never throws, even if the URL is invalid. */
export function connectSharedKeys(url: string, options: SharedKeysOptions): SharedKeys {
  let address: SharedAddress;
  try {
    address = readSharedAddress(url, options.trust);
  } catch (error) {
    return unusableKeys(reasonOf(error));
  }
  return new RedisKeys(address, options);
}

/** A key to release later: when the server is back, or has reported the result of a claim. */
interface PendingRelease {
  readonly name: string;
  readonly token: string;
  readonly untilMs: number;
}

class RedisKeys implements SharedKeys {
  readonly #url: string;
  readonly #prefix: string;
  readonly #answerMs: number;
  readonly #sealer: Sealer;
  readonly #now: () => number;
  readonly #link: SharedLink;
  readonly #pendingReleases = new Map<string, PendingRelease>();
  #failures = 0;

  constructor(address: SharedAddress, options: SharedKeysOptions) {
    const { secret, keyPrefix: prefix = 'hookbus:', answerMs = 50, now = Date.now } = options;
    this.#url = address.shown;
    this.#prefix = prefix;
    this.#answerMs = answerMs;
    this.#sealer = createSealer(secret);
    this.#now = now;
    this.#link = new SharedLink({
      address,
      probeKey: `${prefix}{probe}`,
      answerMs,
      onUp: () => {
        for (const pending of this.#pendingReleases.values()) void this.#flushRelease(pending);
      },
    });
  }

  claim(key: string, token: string, leaseMs: number): Promise<SharedState> {
    const name = this.#sealer.nameOf(key);
    const script = this.#sealedScript(CLAIM, name, token, 'running', leaseMs);
    return this.#call(this.#answerMs, async (untilMs) => {
      // A token that claims again owns the key if it gets it, so the doubt about its last claim is over.
      this.#pendingReleases.delete(releaseKey(name, token));
      const pending = { name, token, untilMs: performance.now() + leaseMs };
      try {
        const reply = await this.#link.run(script, untilMs, () => {
          if (this.#pendingReleases.get(releaseKey(name, token)) === pending)
            void this.#flushRelease(pending);
        });
        return this.#read(reply, name);
      } catch (error) {
        // The server did not carry out what it refused. After any other error nobody knows.
        if (!(error instanceof SharedKeysError && error.fault === 'refused'))
          this.#queueRelease(pending);
        throw error;
      }
    });
  }

  async finish(key: string, token: string, end: KeyedEnd, ttlMs: number): Promise<void> {
    if (!isShareable(end)) return this.release(key, token);
    const name = this.#sealer.nameOf(key);
    const script = this.#sealedScript(FINISH, name, token, end, ttlMs);
    await this.#orQueueRelease(name, token, () => this.#change(script));
  }

  async release(key: string, token: string): Promise<void> {
    const name = this.#sealer.nameOf(key);
    await this.#orQueueRelease(name, token, () =>
      this.#change(this.#script(RELEASE, name, [token])),
    );
  }

  extend(key: string, token: string, leaseMs: number): Promise<boolean> {
    const name = this.#sealer.nameOf(key);
    return this.#change(this.#sealedScript(EXTEND, name, token, 'running', leaseMs));
  }

  state(): SharedKeysState {
    return {
      url: this.#url,
      isConnected: this.#link.isUp,
      lastError: this.#link.lastError,
      failures: this.#failures,
    };
  }

  close(): void {
    this.#link.close();
  }

  /** Runs something that needs the server, and counts failures. */
  async #call<T>(forMs: number, act: (untilMs: number) => Promise<T>): Promise<T> {
    const untilMs = performance.now() + forMs;
    try {
      await this.#link.ready(Math.min(untilMs, performance.now() + this.#answerMs));
      const answer = await act(untilMs);
      this.#link.clearError();
      return answer;
    } catch (error) {
      this.#failures += 1;
      throw error;
    }
  }

  /** Runs a compare-and-set script; resolves with whether the token owned the key. */
  #change(script: Script): Promise<boolean> {
    return this.#call(BACKGROUND_MS, async (untilMs) => {
      const reply = await this.#link.run(script, untilMs);
      if (reply !== 0 && reply !== 1) throw this.#link.distrust('a script must return 0 or 1');
      return reply === 1;
    });
  }

  async #orQueueRelease(name: string, token: string, act: () => Promise<unknown>): Promise<void> {
    this.#pendingReleases.delete(releaseKey(name, token));
    try {
      await act();
    } catch (error) {
      this.#queueRelease({ name, token, untilMs: performance.now() + USUAL_LEASE_MS });
      throw error;
    }
  }

  #queueRelease(pending: PendingRelease): void {
    this.#pendingReleases.set(releaseKey(pending.name, pending.token), pending);
    const [oldest] = this.#pendingReleases.keys();
    if (this.#pendingReleases.size > MAX_PENDING_RELEASES && oldest !== undefined)
      this.#pendingReleases.delete(oldest);
  }

  async #flushRelease(pending: PendingRelease): Promise<void> {
    const key = releaseKey(pending.name, pending.token);
    const now = performance.now();
    try {
      if (now < pending.untilMs)
        await this.#link.run(
          this.#script(RELEASE, pending.name, [pending.token]),
          now + BACKGROUND_MS,
        );
      if (this.#pendingReleases.get(key) === pending) this.#pendingReleases.delete(key);
    } catch {
      // It stays pending until the server is back, or the lease is over.
    }
  }

  #sealedScript(lua: string, name: string, token: string, what: Sealed, forMs: number): Script {
    const madeAtMs = this.#now();
    const sealed = this.#sealer.seal(name, what, { madeAtMs, untilMs: madeAtMs + forMs });
    return this.#script(lua, name, [token, milliseconds(forMs), sealed]);
  }

  #script(lua: string, name: string, args: readonly (string | Buffer)[]): Script {
    return { lua, keys: [`${this.#prefix}{${name}}`], args };
  }

  #read(reply: unknown, name: string): SharedState {
    const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
    const [word, held] = parts.map((part) => (Buffer.isBuffer(part) ? part : undefined));
    if (word?.toString() === 'claimed' && parts.length === 1) return { kind: 'claimed' };
    if (word?.toString() !== 'held' || held === undefined || parts.length !== 2)
      throw this.#link.distrust('the response to a claim has an unknown form');
    const prefix = PREFIX.exec(held.subarray(0, MAX_PREFIX_BYTES).toString('latin1'))?.[0] ?? '';
    try {
      const found = this.#sealer.open(name, held.subarray(prefix.length), this.#now());
      return found === 'running' ? { kind: 'running' } : { kind: 'done', end: found };
    } catch (error) {
      throw this.#link.nonsense(reasonOf(error));
    }
  }
}

/** The keys for an unusable URL: every call rejects with the reason. */
function unusableKeys(why: string): SharedKeys {
  let failures = 0;
  const refuse = (): Promise<never> => {
    failures += 1;
    return Promise.reject(new SharedKeysError('unreachable', `dedupe.url: ${why}`));
  };
  return {
    claim: refuse,
    finish: refuse,
    release: refuse,
    extend: refuse,
    state: () => ({
      // In an invalid URL, the password may be anywhere.
      url: 'unusable',
      isConnected: false,
      lastError: `dedupe.url: ${why}`,
      failures,
    }),
    close: () => undefined,
  };
}

const releaseKey = (name: string, token: string): string => `${name} ${token}`;

/** In the form that PX expects. */
const milliseconds = (ms: number): string => String(Math.max(1, Math.round(ms)));
