import { Redis } from 'ioredis';
import parsing from 'ioredis/built/DataHandler.js';
import type { SharedAddress } from './address.ts';

/** How long a connection may take to be made, and to be closed politely, in ms. */
const CONNECT_MS = 2000;
const DISCONNECT_MS = 100;

/** A connection that queues nothing, resends nothing, and needs no permission beyond its own commands. */
export function createClient(
  connection: SharedAddress['connection'],
  nextTryMs: () => number | null,
): Redis {
  surviveStrayAnswers();
  return new Redis({
    ...connection,
    // RESP 2 begins with AUTH and SELECT only; RESP 3 with HELLO.
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // What was under way when a connection is lost fails at once.
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    disconnectTimeout: DISCONNECT_MS,
    retryStrategy: nextTryMs,
  });
}

/**
 * Whether what a server sent could not be understood: it is no answer, or an answer to nothing. ioredis has no other
 * sign of that than its words.
 */
export const isFromParser = (error: Error): boolean =>
  /please report (?:this|it)/i.test(error.message);

/** Whether a server answered with an error of its own. */
export const isFromServer = (error: Error): boolean => error.name === 'ReplyError';

interface Dispatcher {
  readonly redis: { recoverFromFatalError(error: unknown, cause: unknown): void };
  dispatch(act: () => void): void;
}

/**
 * ioredis throws what goes wrong with an answer into the event loop, and a null that answers no command does go wrong
 * (it calls `toString` of it): any server could end this process. Give up the connection instead.
 */
function surviveStrayAnswers(): void {
  // What a default import of a CommonJS module is, loaders disagree about.
  const { prototype } = (parsing.default ?? parsing) as unknown as { prototype: Dispatcher };
  prototype.dispatch = function dispatch(act) {
    try {
      act();
    } catch (error) {
      this.redis.recoverFromFatalError(error, error);
    }
  };
}
