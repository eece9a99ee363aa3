import type { KeyedEnd, KeyResult } from '../domain/dedupe-key.ts';
import { reasonOf } from '../domain/errors.ts';
import type { SharedKeys } from '../gates/shared-keys.ts';
import type { Network } from '../network/network.ts';
import type { KeyId } from '../store/dedupe-keys.ts';
import type { Log } from './log.ts';

/** A claim that other machines see lasts so long, in ms, and is extended while its hook runs. */
const LEASE_MS = 30_000;
const EXTEND_MS = 10_000;

/** How often a key is asked for that another machine has, in ms. */
const LOOK_MS = 50;

/** More servers at once than anybody has: each run brings its own address. */
const MOST_SERVERS = 4;

/** That one is not there is no news once nobody asked it for so long, in ms: its address may have been a mistake. */
const UNUSED_MS = 5 * 60_000;

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

interface SharedClaimsParts {
  readonly log: Log;
  /** Asked at each connection. */
  readonly network: () => Network;
}

interface Server {
  readonly opened: Promise<SharedKeys>;
  /** Undefined until its client is loaded. */
  keys: SharedKeys | undefined;
  usedAtMs: number;
  /** Claims that it holds for us. */
  holds: number;
}

/** What `status` shows of a server. */
export type SharedState = ReturnType<SharedKeys['state']> & {
  /** Whether a run asked it of late. */
  readonly isUsed: boolean;
};

/** The keys that machines share, by the address that a run brings. The client loads at its first use. */
export class SharedClaims {
  readonly #log: Log;
  readonly #network: () => Network;
  readonly #nowMs: () => number;
  readonly #servers = new Map<string, Server>();
  /** Each extends a claim that we hold. */
  readonly #timers = new Set<NodeJS.Timeout>();

  /** @param nowMs of a clock that nobody sets back */
  constructor({ log, network }: SharedClaimsParts, nowMs = () => performance.now()) {
    this.#log = log;
    this.#network = network;
    this.#nowMs = nowMs;
  }

  /** Asks once. Never rejects: on doubt, this machine decides. @param token the execution's own */
  async ask(url: string, id: KeyId, token: string, ttlMs: number): Promise<Elsewhere> {
    const key = sharedName(id);
    try {
      const server = this.#server(url);
      if (server === undefined) return { kind: 'alone' };
      const keys = await server.opened;
      const found = await keys.claim(key, token, Math.min(LEASE_MS, ttlMs));
      if (found.kind !== 'claimed') return found;
      return { kind: 'ours', claim: this.#hold(server, keys, key, token, ttlMs) };
    } catch (error) {
      this.#log('shared_keys_failed', { reason: reasonOf(error) });
      return { kind: 'alone' };
    }
  }

  /** Gives up what a daemon before us held, which would be taken until its lease ends. */
  free(url: string, id: KeyId, token: string): void {
    this.#server(url)
      ?.opened.then((keys) => keys.release(sharedName(id), token))
      .catch((error: unknown) => this.#log('shared_keys_failed', { reason: reasonOf(error) }));
  }

  /** The next time to ask of a key that another machine has. */
  later(work: () => void): NodeJS.Timeout {
    return setTimeout(work, LOOK_MS);
  }

  /** Connects, where that was not done. */
  prepare(url: string): void {
    this.#server(url)?.opened.catch((error: unknown) =>
      this.#log('shared_keys_failed', { reason: reasonOf(error) }),
    );
  }

  state(): SharedState[] {
    return [...this.#servers.values()].flatMap((server) =>
      server.keys === undefined ? [] : { ...server.keys.state(), isUsed: this.#isUsed(server) },
    );
  }

  /** What is held runs out by itself, unless the next daemon is told how its hook ended. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const { keys } of this.#servers.values()) keys?.close();
  }

  #server(url: string): Server | undefined {
    const known = this.#servers.get(url);
    if (known !== undefined) {
      known.usedAtMs = this.#nowMs();
      return known;
    }
    if (this.#servers.size >= MOST_SERVERS && !this.#letGo()) return undefined;
    const opened = import('../gates/shared-keys.ts').then(({ connectSharedKeys }) => {
      server.keys = connectSharedKeys(url, { trust: () => this.#network().trust });
      return server.keys;
    });
    const server: Server = { opened, keys: undefined, usedAtMs: this.#nowMs(), holds: 0 };
    this.#servers.set(url, server);
    return server;
  }

  #isUsed({ holds, usedAtMs }: Server): boolean {
    return holds > 0 || this.#nowMs() - usedAtMs < UNUSED_MS;
  }

  /** Makes room for another. @returns whether it could */
  #letGo(): boolean {
    const gone = [...this.#servers].find(
      ([, server]) => !this.#isUsed(server) && server.keys?.state().isConnected === false,
    );
    if (gone === undefined) return false;
    const [url, { keys }] = gone;
    keys?.close();
    return this.#servers.delete(url);
  }

  #hold(server: Server, keys: SharedKeys, key: string, token: string, ttlMs: number): SharedClaim {
    server.holds += 1;
    const startMs = performance.now();
    const timer = setInterval(() => {
      const leftMs = ttlMs - (performance.now() - startMs);
      if (leftMs > 0) {
        keys.extend(key, token, Math.min(LEASE_MS, leftMs)).catch((error: unknown) => {
          this.#log('shared_keys_failed', { reason: reasonOf(error) });
        });
      }
    }, EXTEND_MS);
    this.#timers.add(timer);
    return {
      end: (end) => {
        clearInterval(timer);
        this.#timers.delete(timer);
        const leftMs = Math.max(ttlMs - (performance.now() - startMs), 1);
        const ended =
          end !== undefined
            ? keys.finish(key, token, sharedResult(end), leftMs)
            : keys.release(key, token);
        ended
          .catch((error: unknown) => this.#log('shared_keys_failed', { reason: reasonOf(error) }))
          .finally(() => {
            server.holds -= 1;
            server.usedAtMs = this.#nowMs();
          });
      },
    };
  }
}

const sharedResult = ({ exitCode, outputs }: KeyedEnd): KeyResult | undefined =>
  outputs === undefined ? undefined : { exitCode, ...outputs };

/** Two hooks never answer for each other, and one text for both is what the server knows. */
const sharedName = ({ hookName, key }: KeyId): string => JSON.stringify([hookName, key]);
