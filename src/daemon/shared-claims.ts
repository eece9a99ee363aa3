import type { KeyedEnd, KeyResult } from '../domain/dedupe-key.ts';
import { reasonOf } from '../domain/errors.ts';
import { isResult } from '../gates/dedupe.ts';
import type { SharedKeys } from '../gates/shared-keys.ts';
import type { KeyId } from '../store/dedupe-keys.ts';
import type { Log } from './log.ts';

/** A claim that other machines see lasts so long, in ms, and is extended while its hook runs. */
const LEASE_MS = 30_000;
const EXTEND_MS = 10_000;

/** How often a key is asked for that another machine has, in ms. */
const LOOK_MS = 50;

/** More servers at once than anybody has: each run brings its own address. */
const MOST_SERVERS = 4;

/** What other machines say of a key. `alone`: nobody could be asked, and this machine decides. */
export type Elsewhere =
  | { readonly kind: 'ours'; readonly claim: SharedClaim }
  | { readonly kind: 'done'; readonly result: KeyResult | undefined }
  | { readonly kind: 'running' }
  | { readonly kind: 'alone' };

/** A claim that this machine holds for all. */
export interface SharedClaim {
  /** Ends it: with a result where there is one that duplicates may share. */
  readonly end: (end: KeyedEnd | undefined) => void;
}

/** What `status` shows of a server. */
export type SharedState = ReturnType<SharedKeys['state']>;

/** The keys that machines share, by the address that a run brings. The client loads at its first use. */
export class SharedClaims {
  readonly #log: Log;
  readonly #servers = new Map<string, Promise<SharedKeys>>();
  readonly #connected: SharedKeys[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** Asks once. Never rejects: on doubt, this machine decides. @param token the execution's own */
  async ask(url: string, id: KeyId, token: string, ttlMs: number): Promise<Elsewhere> {
    // Two hooks never answer for each other, and one text for both is what the server knows.
    const key = JSON.stringify([id.hookName, id.key]);
    try {
      const keys = await this.#server(url);
      if (keys === undefined) return { kind: 'alone' };
      const found = await keys.claim(key, token, Math.min(LEASE_MS, ttlMs));
      if (found.kind !== 'claimed') return found;
      return { kind: 'ours', claim: this.#hold(keys, key, token, ttlMs) };
    } catch (error) {
      this.#log('shared_keys_failed', { reason: reasonOf(error) });
      return { kind: 'alone' };
    }
  }

  /** The next time to ask of a key that another machine has. */
  later(work: () => void): NodeJS.Timeout {
    return setTimeout(work, LOOK_MS);
  }

  /** Connects, where that was not done. */
  prepare(url: string): void {
    this.#server(url)?.catch((error: unknown) =>
      this.#log('shared_keys_failed', { reason: reasonOf(error) }),
    );
  }

  state(): SharedState[] {
    return this.#connected.map((keys) => keys.state());
  }

  close(): void {
    for (const keys of this.#connected) keys.close();
  }

  #server(url: string): Promise<SharedKeys> | undefined {
    const known = this.#servers.get(url);
    if (known !== undefined) return known;
    if (this.#servers.size >= MOST_SERVERS) return undefined;
    const opened = import('../gates/shared-keys.ts').then(({ connectSharedKeys }) => {
      const keys = connectSharedKeys(url);
      this.#connected.push(keys);
      return keys;
    });
    this.#servers.set(url, opened);
    return opened;
  }

  #hold(keys: SharedKeys, key: string, token: string, ttlMs: number): SharedClaim {
    const startMs = performance.now();
    const timer = setInterval(() => {
      const leftMs = ttlMs - (performance.now() - startMs);
      if (leftMs > 0) {
        keys.extend(key, token, Math.min(LEASE_MS, leftMs)).catch((error: unknown) => {
          this.#log('shared_keys_failed', { reason: reasonOf(error) });
        });
      }
    }, EXTEND_MS);
    return {
      end: (end) => {
        clearInterval(timer);
        const leftMs = Math.max(ttlMs - (performance.now() - startMs), 1);
        const ended =
          end !== undefined && isResult(end.exitCode)
            ? keys.finish(key, token, sharedResult(end), leftMs)
            : keys.release(key, token);
        ended.catch((error: unknown) =>
          this.#log('shared_keys_failed', { reason: reasonOf(error) }),
        );
      },
    };
  }
}

const sharedResult = ({ exitCode, outputs }: KeyedEnd): KeyResult | undefined =>
  outputs === undefined ? undefined : { exitCode, ...outputs };
