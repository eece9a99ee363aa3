import type { SecureContext } from 'node:tls';
import { reasonOf } from '../domain/errors.ts';
import type { KeyedEnd } from '../domain/key/dedupe-key.ts';
import { readSharedAddress, type SharedAddress } from './address.ts';
import { type Script, SharedKeysError, SharedLink } from './link.ts';
import { createSealer, isShareable, type Sealed, type Sealer } from './seal.ts';

export { SharedKeysError } from './link.ts';

/** What a claim found. */
export type SharedState =
  /** Ours now. */
  | { readonly kind: 'claimed' }
  /** Another machine has it. */
  | { readonly kind: 'running' }
  /** Finished elsewhere. */
  | { readonly kind: 'done'; readonly end: KeyedEnd };

/** Dedupe keys that machines share. */
export interface SharedKeys {
  /**
   * Atomically claims a key for a token, which is one execution's own. A key that the token has already is claimed
   * anew. Rejects with a SharedKeysError when the server is unreachable, slow, or answers nonsense, which is all that was
   * not sealed with our secret for this key and this time; at once while there is no connection. A claim that the server
   * carries out after that is given back.
   */
  claim(key: string, token: string, leaseMs: number): Promise<SharedState>;
  /**
   * Stores the result and keeps the key for so long, if the token still owns it. What is no result, is too large, or has
   * a secret in it frees the key instead. Rejects like `claim`, but waits longer; the key is freed then.
   */
  finish(key: string, token: string, end: KeyedEnd, ttlMs: number): Promise<void>;
  /** Frees the key, if the token still owns it. Where that fails, it is done when the server is back. */
  release(key: string, token: string): Promise<void>;
  /** Extends the lease, if the token still owns it; false when it does not any more. */
  extend(key: string, token: string, leaseMs: number): Promise<boolean>;
  /** For `status`; never with the password. `failures` counts calls that were rejected. */
  state(): SharedKeysState;
  /** Ends the connection and leaves no handle; every call rejects from now on. */
  close(): void;
}

interface SharedKeysState {
  readonly url: string;
  readonly isConnected: boolean;
  readonly lastError: string | undefined;
  readonly failures: number;
}

export interface SharedKeysOptions {
  /** What machines share and the server does not have. */
  readonly secret: string;
  readonly now?: () => number;
  readonly keyPrefix?: string;
  /** A claim may take so long, in ms. */
  readonly answerMs?: number;
  /** Whose certificates to trust, asked at each connection; undefined: the usual ones. */
  readonly trust?: () => SecureContext | undefined;
}

/** What nobody waits for may take so long, in ms. */
const PATIENT_MS = 1000;
/** Keys to be freed when the server is back; the oldest beyond that run out by themselves. */
const MAX_DEBTS = 1000;
/** How long a key may be owned that could not be freed, in ms, where it is not known. */
const USUAL_LEASE_MS = 10 * 60_000;

// A value is `run:TOKEN:` or, once it is finished, `done:TOKEN:`, and what is sealed. Setting it again is extending it.
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
/** What stands before what is sealed, which alone counts. */
const PREFIX = /^[^:]*:[^:]*:/;
const MAX_PREFIX_BYTES = 100;

/** Connects in the background, and again whenever the connection is lost. Never throws, whatever the URL is. */
export function connectSharedKeys(url: string, options: SharedKeysOptions): SharedKeys {
  let address: SharedAddress;
  try {
    address = readSharedAddress(url, options.trust);
  } catch (error) {
    return unusableKeys(reasonOf(error));
  }
  return new RedisKeys(address, options);
}

/** A key freed later: when the server is back, or has said what it did. */
interface Debt {
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
  readonly #debts = new Map<string, Debt>();
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
        for (const debt of this.#debts.values()) void this.#pay(debt);
      },
    });
  }

  claim(key: string, token: string, leaseMs: number): Promise<SharedState> {
    const name = this.#sealer.nameOf(key);
    const script = this.#saying(CLAIM, name, token, 'running', leaseMs);
    return this.#call(this.#answerMs, async (untilMs) => {
      // Who asks again owns it if the answer is yes, so the doubt about the last time is over.
      this.#debts.delete(debtKey(name, token));
      const debt = { name, token, untilMs: performance.now() + leaseMs };
      try {
        const reply = await this.#link.run(script, untilMs, () => {
          if (this.#debts.get(debtKey(name, token)) === debt) void this.#pay(debt);
        });
        return this.#read(reply, name);
      } catch (error) {
        // What the server refused it has not done; of anything else nobody knows.
        if (!(error instanceof SharedKeysError && error.fault === 'refused')) this.#owe(debt);
        throw error;
      }
    });
  }

  async finish(key: string, token: string, end: KeyedEnd, ttlMs: number): Promise<void> {
    if (!isShareable(end)) return this.release(key, token);
    const name = this.#sealer.nameOf(key);
    const script = this.#saying(FINISH, name, token, end, ttlMs);
    await this.#orOwe(name, token, () => this.#change(script));
  }

  async release(key: string, token: string): Promise<void> {
    const name = this.#sealer.nameOf(key);
    await this.#orOwe(name, token, () => this.#change(this.#script(RELEASE, name, [token])));
  }

  extend(key: string, token: string, leaseMs: number): Promise<boolean> {
    const name = this.#sealer.nameOf(key);
    return this.#change(this.#saying(EXTEND, name, token, 'running', leaseMs));
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

  /** Runs what needs the server, counting failures. */
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

  /** A compare-and-act: whether the token owned the key. */
  #change(script: Script): Promise<boolean> {
    return this.#call(PATIENT_MS, async (untilMs) => {
      const reply = await this.#link.run(script, untilMs);
      if (reply !== 0 && reply !== 1) throw this.#link.distrust('expected 0 or 1 from a script');
      return reply === 1;
    });
  }

  async #orOwe(name: string, token: string, act: () => Promise<unknown>): Promise<void> {
    this.#debts.delete(debtKey(name, token));
    try {
      await act();
    } catch (error) {
      this.#owe({ name, token, untilMs: performance.now() + USUAL_LEASE_MS });
      throw error;
    }
  }

  #owe(debt: Debt): void {
    this.#debts.set(debtKey(debt.name, debt.token), debt);
    const [oldest] = this.#debts.keys();
    if (this.#debts.size > MAX_DEBTS && oldest !== undefined) this.#debts.delete(oldest);
  }

  async #pay(debt: Debt): Promise<void> {
    const key = debtKey(debt.name, debt.token);
    const now = performance.now();
    try {
      if (now < debt.untilMs)
        await this.#link.run(this.#script(RELEASE, debt.name, [debt.token]), now + PATIENT_MS);
      if (this.#debts.get(key) === debt) this.#debts.delete(key);
    } catch {
      // It stays owed until the server is back, or has forgotten it.
    }
  }

  #saying(lua: string, name: string, token: string, what: Sealed, forMs: number): Script {
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
      throw this.#link.distrust('expected what became of a claim');
    const prefix = PREFIX.exec(held.subarray(0, MAX_PREFIX_BYTES).toString('latin1'))?.[0] ?? '';
    try {
      const found = this.#sealer.open(name, held.subarray(prefix.length), this.#now());
      return found === 'running' ? { kind: 'running' } : { kind: 'done', end: found };
    } catch (error) {
      throw this.#link.doubt(reasonOf(error));
    }
  }
}

/** The keys of a URL that leads nowhere: every call rejects with the reason. */
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
      // The password may be anywhere in what is no URL.
      url: 'unusable',
      isConnected: false,
      lastError: `dedupe.url: ${why}`,
      failures,
    }),
    close: () => undefined,
  };
}

const debtKey = (name: string, token: string): string => `${name} ${token}`;

/** As PX wants it. */
const milliseconds = (ms: number): string => String(Math.max(1, Math.round(ms)));
