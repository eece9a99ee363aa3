import { createHash } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { KeyResult } from '../domain/dedupe-key.ts';
import { reasonOf } from '../domain/errors.ts';
import { readSharedAddress, type SharedAddress } from './shared-keys-address.ts';
import { type Script, SharedKeysError, SharedLink } from './shared-keys-link.ts';
import { decodeResult, encodeResult, isStorable } from './shared-keys-result.ts';

export { SharedKeysError } from './shared-keys-link.ts';

/** What a claim found. */
export type SharedState =
  /** Ours now. */
  | { readonly kind: 'claimed' }
  /** Another machine has it. */
  | { readonly kind: 'running' }
  /** Finished elsewhere; undefined: without outputs, which is enough for skipping only. */
  | { readonly kind: 'done'; readonly result: KeyResult | undefined };

/** Dedupe keys that machines share. */
export interface SharedKeys {
  /**
   * Atomically claims a key for a token, which is one execution's own. A key that the token has already is claimed
   * anew. Rejects with a SharedKeysError when the server is unreachable, slow, or answers nonsense; at once while there
   * is no connection. A claim that the server carries out after that is given back.
   */
  claim(key: string, token: string, leaseMs: number): Promise<SharedState>;
  /**
   * Stores the result and keeps the key for so long, if the token still owns it. What is no result, or is too large to
   * be read back in time, frees the key instead. Rejects like `claim`, but waits longer; the key is freed then.
   */
  finish(key: string, token: string, result: KeyResult | undefined, ttlMs: number): Promise<void>;
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
  readonly keyPrefix?: string;
  /** A claim may take so long, in ms. */
  readonly answerMs?: number;
  /** Whose certificates to trust, asked at each connection; undefined: the usual ones. */
  readonly trust?: () => SecureContext | undefined;
}

/** What nobody waits for may take so long, in ms. */
const PATIENT_MS = 1000;
/** Keys to be freed when the server is back; the oldest beyond that run out by themselves. */
const MOST_DEBTS = 1000;
/** How long a key may be owned that could not be freed, in ms, where it is not known. */
const USUAL_LEASE_MS = 10 * 60_000;

// A claim is `run:TOKEN`, and `done:TOKEN` once it is finished. Setting it again is extending it.
const CLAIM = `
local mine = 'run:' .. ARGV[1]
if redis.call('set', KEYS[1], mine, 'NX', 'PX', ARGV[2]) then return {'claimed'} end
local held = redis.call('get', KEYS[1]) or ''
if held == mine then redis.call('set', KEYS[1], mine, 'PX', ARGV[2]) return {'claimed'} end
if string.sub(held, 1, 5) ~= 'done:' then return {'held', held} end
return {'held', held, redis.call('get', KEYS[2]) or ''}`;
const FINISH = `
if redis.call('get', KEYS[1]) ~= 'run:' .. ARGV[1] then return 0 end
if ARGV[3] == '' then redis.call('del', KEYS[2]) else redis.call('set', KEYS[2], ARGV[3], 'PX', ARGV[2]) end
redis.call('set', KEYS[1], 'done:' .. ARGV[1], 'PX', ARGV[2])
return 1`;
const RELEASE = `
if redis.call('get', KEYS[1]) ~= 'run:' .. ARGV[1] then return 0 end
redis.call('del', KEYS[1], KEYS[2])
return 1`;
const EXTEND = `
if redis.call('get', KEYS[1]) ~= 'run:' .. ARGV[1] then return 0 end
redis.call('set', KEYS[1], 'run:' .. ARGV[1], 'PX', ARGV[2])
return 1`;

/** Connects in the background, and again whenever the connection is lost. Never throws, whatever the URL is. */
export function connectSharedKeys(url: string, options: SharedKeysOptions = {}): SharedKeys {
  let address: SharedAddress;
  try {
    address = readSharedAddress(url, options.trust);
  } catch (error) {
    return unusableKeys(reasonOf(error));
  }
  return new RedisKeys(address, options.keyPrefix ?? 'hookbus:', options.answerMs ?? 50);
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
  readonly #link: SharedLink;
  readonly #debts = new Map<string, Debt>();
  #failures = 0;

  constructor(address: SharedAddress, prefix: string, answerMs: number) {
    this.#url = address.shown;
    this.#prefix = prefix;
    this.#answerMs = answerMs;
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
    const name = nameOf(key);
    const script = this.#script(CLAIM, name, [token, milliseconds(leaseMs)]);
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

  async finish(
    key: string,
    token: string,
    result: KeyResult | undefined,
    ttlMs: number,
  ): Promise<void> {
    if (result !== undefined && !isStorable(result)) return this.release(key, token);
    const name = nameOf(key);
    const bytes = result === undefined ? '' : encodeResult(name, result);
    const script = this.#script(FINISH, name, [token, milliseconds(ttlMs), bytes]);
    await this.#orOwe(name, token, () => this.#change(script));
  }

  async release(key: string, token: string): Promise<void> {
    const name = nameOf(key);
    await this.#orOwe(name, token, () => this.#change(this.#script(RELEASE, name, [token])));
  }

  extend(key: string, token: string, leaseMs: number): Promise<boolean> {
    return this.#change(this.#script(EXTEND, nameOf(key), [token, milliseconds(leaseMs)]));
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
    if (this.#debts.size > MOST_DEBTS && oldest !== undefined) this.#debts.delete(oldest);
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

  #script(lua: string, name: string, args: readonly (string | Buffer)[]): Script {
    // The braces keep both keys in one slot of a cluster.
    const slot = `${this.#prefix}{${name}}`;
    return { lua, keys: [`${slot}:claim`, `${slot}:result`], args };
  }

  #read(reply: unknown, name: string): SharedState {
    const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
    const [word, held, bytes] = parts.map((part) => (Buffer.isBuffer(part) ? part : undefined));
    if (word?.toString() === 'claimed' && parts.length === 1) return { kind: 'claimed' };
    if (word?.toString() !== 'held' || held === undefined)
      throw this.#link.distrust('expected what became of a claim');
    if (held.toString().startsWith('run:')) return { kind: 'running' };
    if (!held.toString().startsWith('done:') || bytes === undefined)
      throw this.#link.doubt('a claim of another make');
    if (bytes.length === 0) return { kind: 'done', result: undefined };
    try {
      return { kind: 'done', result: decodeResult(name, bytes) };
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
    return Promise.reject(new SharedKeysError('unreachable', `HOOKBUS_DEDUPE_URL: ${why}`));
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
      lastError: `HOOKBUS_DEDUPE_URL: ${why}`,
      failures,
    }),
    close: () => undefined,
  };
}

/** What a key is called on the server: keys hold ids and paths, which stay on this machine. */
const nameOf = (key: string): string => createHash('sha256').update(key).digest('hex');

const debtKey = (name: string, token: string): string => `${name} ${token}`;

/** As PX wants it. */
const milliseconds = (ms: number): string => String(Math.max(1, Math.round(ms)));
