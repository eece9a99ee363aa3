import { Redis } from 'ioredis';
import parsing from 'ioredis/built/DataHandler.js';
import type { SharedAddress } from './address.ts';

/** Time limits for connecting and for disconnecting politely, in ms. */
const CONNECT_MS = 2000;
const DISCONNECT_MS = 100;

/** A client that queues nothing, resends nothing, and needs no permission except for its own commands. */
export function createClient(
  connection: SharedAddress['connection'],
  nextTryMs: () => number | null,
): Redis {
  surviveStrayAnswers();
  return new Redis({
    ...connection,
    // RESP 2 begins with AUTH and SELECT only, RESP 3 with HELLO.
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Commands in progress fail at once when the connection is lost.
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    disconnectTimeout: DISCONNECT_MS,
    retryStrategy: nextTryMs,
  });
}

/**
 * Whether the client could not parse a response, or got one that it did not ask for. The text of the error is the only
 * sign that ioredis gives.
 */
export const isFromParser = (error: Error): boolean =>
  /please report (?:this|it)/i.test(error.message);

/** Whether the server responded with an error. */
export const isFromServer = (error: Error): boolean => error.name === 'ReplyError';

interface Dispatcher {
  readonly redis: { recoverFromFatalError(error: unknown, cause: unknown): void };
  dispatch(act: () => void): void;
}

/**
 * ioredis throws parsing errors into the event loop. A null response to no command causes one (ioredis calls `toString` on
 * it), so any server could end this process. Drop the connection instead.
 */
function surviveStrayAnswers(): void {
  // Loaders disagree on what the default import of a CommonJS module is.
  const { prototype } = (parsing.default ?? parsing) as unknown as { prototype: Dispatcher };
  prototype.dispatch = function dispatch(act) {
    try {
      act();
    } catch (error) {
      this.redis.recoverFromFatalError(error, error);
    }
  };
}
