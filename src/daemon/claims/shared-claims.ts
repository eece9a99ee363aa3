import type { Config } from '../../config/file/config-file.ts';
import { reasonOf } from '../../domain/errors.ts';
import type { KeyedEnd } from '../../domain/key/dedupe-key.ts';
import type { Network } from '../../network/network.ts';
import type { SharedKeys, SharedState } from '../../redis/shared-keys.ts';
import type { KeyId } from '../../store/dedupe-keys.ts';
import type { Log } from '../log.ts';

/** How long a claim on the key server lasts, and how often it is extended while its hook runs. */
const LEASE_MS = 30_000;
const EXTEND_MS = 10_000;

/** How often a key that another machine owns is claimed again. */
const POLL_MS = 50;

/** The state of a key on the key server. `alone`: the server could not be asked, so this machine decides. */
export type Elsewhere =
  | { readonly kind: 'ours'; readonly claim: SharedClaim }
  | Exclude<SharedState, { readonly kind: 'claimed' }>
  | { readonly kind: 'alone' };

/** A claim that this machine holds on the key server. */
export interface SharedClaim {
  /** Ends the claim, with what duplicates may share, if anything. */
  readonly end: (end: KeyedEnd | undefined) => void;
}

/** A key with its event: a result for one event is no answer for another. */
export type SharedKeyId = KeyId & { readonly eventType: string };

interface SharedClaimsParts {
  readonly log: Log;
  /** The current config.json. */
  readonly dedupe: () => Config['dedupe'];
  /** Called for each connection. */
  readonly network: () => Network;
}

interface Server {
  readonly settings: Config['dedupe'];
  readonly opened: Promise<SharedKeys>;
  /** Undefined until the client has loaded. */
  keys?: SharedKeys;
}

/** The keys that machines share through the server in config.json. Loads the client only if there is a server. */
export class SharedClaims {
  readonly #parts: SharedClaimsParts;
  #server: Server | undefined;
  #isClosed = false;
  /** One timer per held claim, which extends it. */
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(parts: SharedClaimsParts) {
    this.#parts = parts;
  }

  /** Whether config.json names a server. Connects to it if necessary. */
  isOn(): boolean {
    return this.#current() !== undefined;
  }

  /** Claims once. Never rejects: on an error, this machine decides alone. @param token identifies the execution */
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

  /** Schedules the next attempt for a key that another machine owns. */
  later(work: () => void): NodeJS.Timeout {
    return setTimeout(work, POLL_MS);
  }

  /** The state of the connection; undefined if there is no server. */
  state(): ReturnType<SharedKeys['state']> | undefined {
    return this.#current()?.keys?.state();
  }

  /** Held claims expire on the server. */
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
    // Without a secret nobody could tell results of machines from results that the server made up.
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

/** Separates hooks and events, so that none answers for another. */
const sharedName = ({ hookName, eventType, key }: SharedKeyId): string =>
  JSON.stringify([hookName, eventType, key]);
