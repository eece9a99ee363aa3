import type { Config } from '../../config/file/config-file.ts';
import { reasonOf } from '../../domain/errors.ts';
import type { KeyedEnd } from '../../domain/key/dedupe-key.ts';
import type { Network } from '../../network/network.ts';
import type { SharedKeys, SharedState } from '../../redis/shared-keys.ts';
import type { KeyId } from '../../store/dedupe-keys.ts';
import type { Log } from '../log.ts';

/** A claim that other machines see lasts so long, in ms, and is extended while its hook runs. */
const LEASE_MS = 30_000;
const EXTEND_MS = 10_000;

/** How often a key is asked for that another machine has, in ms. */
const LOOK_MS = 50;

/** What other machines say of a key. `alone`: nobody could be asked, and this machine decides. */
export type Elsewhere =
  | { readonly kind: 'ours'; readonly claim: SharedClaim }
  | Exclude<SharedState, { readonly kind: 'claimed' }>
  | { readonly kind: 'alone' };

/** A claim that this machine holds for all. */
export interface SharedClaim {
  /** Ends it: with what duplicates may share, if anything. */
  readonly end: (end: KeyedEnd | undefined) => void;
}

/** A key, and the event: what a hook says on one of them is no answer on another. */
export type SharedKeyId = KeyId & { readonly eventType: string };

interface SharedClaimsParts {
  readonly log: Log;
  /** As config.json is now. */
  readonly dedupe: () => Config['dedupe'];
  /** Asked at each connection. */
  readonly network: () => Network;
}

interface Server {
  readonly settings: Config['dedupe'];
  readonly opened: Promise<SharedKeys>;
  /** Undefined until its client is loaded. */
  keys?: SharedKeys;
}

/** The keys that machines share through the server of config.json. The client loads where there is one. */
export class SharedClaims {
  readonly #parts: SharedClaimsParts;
  #server: Server | undefined;
  #isClosed = false;
  /** Each extends a claim that we hold. */
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(parts: SharedClaimsParts) {
    this.#parts = parts;
  }

  /** Whether there is a server to ask. Connects to it, where that was not done. */
  isOn(): boolean {
    return this.#current() !== undefined;
  }

  /** Asks once. Never rejects: in doubt, this machine decides. @param token the execution's own */
  async ask(id: SharedKeyId, token: string, ttlMs: number): Promise<Elsewhere> {
    const key = sharedName(id);
    try {
      const keys = await this.#current()?.opened;
      if (keys === undefined) return { kind: 'alone' };
      const found = await keys.claim(key, token, Math.min(LEASE_MS, ttlMs));
      if (found.kind !== 'claimed') return found;
      return { kind: 'ours', claim: this.#hold(keys, key, token, ttlMs) };
    } catch (error) {
      this.#note(error);
      return { kind: 'alone' };
    }
  }

  /** The next time to ask of a key that another machine has. */
  later(work: () => void): NodeJS.Timeout {
    return setTimeout(work, LOOK_MS);
  }

  /** Of the server that is asked, if any. */
  state(): ReturnType<SharedKeys['state']> | undefined {
    return this.#current()?.keys?.state();
  }

  /** What is held runs out by itself. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#leave();
  }

  #current(): Server | undefined {
    if (this.#isClosed) return undefined;
    const { url, secret } = this.#parts.dedupe();
    const known = this.#server?.settings;
    if (known?.url === url && known.secret === secret) return this.#server;
    this.#leave();
    // Without a secret nobody could tell what machines say from what the server says.
    if (url !== '' && secret !== '') this.#server = this.#open({ url, secret });
    return this.#server;
  }

  #open(settings: Config['dedupe']): Server {
    const { url, secret } = settings;
    const opened = import('../../redis/shared-keys.ts').then(({ connectSharedKeys }) => {
      server.keys = connectSharedKeys(url, { secret, trust: () => this.#parts.network().trust });
      return server.keys;
    });
    opened.catch((error: unknown) => this.#note(error));
    const server: Server = { settings, opened };
    return server;
  }

  #leave(): void {
    this.#server?.opened.then((keys) => keys.close()).catch(() => undefined);
    this.#server = undefined;
  }

  #hold(keys: SharedKeys, key: string, token: string, ttlMs: number): SharedClaim {
    const startMs = performance.now();
    const timer = setInterval(() => {
      const leftMs = ttlMs - (performance.now() - startMs);
      if (leftMs > 0) {
        keys
          .extend(key, token, Math.min(LEASE_MS, leftMs))
          .catch((error: unknown) => this.#note(error));
      }
    }, EXTEND_MS);
    this.#timers.add(timer);
    return {
      end: (end) => {
        clearInterval(timer);
        this.#timers.delete(timer);
        const leftMs = Math.max(ttlMs - (performance.now() - startMs), 1);
        const ended =
          end === undefined ? keys.release(key, token) : keys.finish(key, token, end, leftMs);
        ended.catch((error: unknown) => this.#note(error));
      },
    };
  }

  #note(error: unknown): void {
    this.#parts.log('shared_keys_failed', { reason: reasonOf(error) });
  }
}

/** Two hooks never answer for each other. */
const sharedName = ({ hookName, eventType, key }: SharedKeyId): string =>
  JSON.stringify([hookName, eventType, key]);
