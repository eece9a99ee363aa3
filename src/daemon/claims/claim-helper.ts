import { Socket } from 'node:net';
import { createStoreHandle } from '../../app/store/store-handle.ts';
import { decodeClaim, decodeResult } from '../../protocol/claim.ts';
import { FRAME_KIND, type Frame, FrameError, readFields } from '../../protocol/frame.ts';
import { decodeKeyedBegin, type KeyedBegin } from '../../protocol/record.ts';
import { type Connection, serve } from '../listener.ts';
import { Claims } from './claims.ts';

/** How long it waits for others who write, in ms: shorter than the launcher waits for an answer. */
const BUSY_MS = 1000;

/**
 * Answers one launcher for one key, as the daemon would, and ends with the connection. No other machine is asked.
 * @throws where the descriptor is no socket
 */
export function serveOneClaim(
  descriptor: number,
  databasePath: string,
  report: (what: string, error: unknown) => void,
): void {
  const socket = new Socket({ fd: descriptor, readable: true, writable: true });
  const claims = new Claims({
    store: createStoreHandle(databasePath, BUSY_MS, Date.now),
    now: Date.now,
    log: (_, { what, reason } = {}) => report(String(what), reason),
  });
  let begin: KeyedBegin | undefined;
  const onFrame = (frame: Frame, connection: Connection): void => {
    if (frame.kind === FRAME_KIND.begin) {
      begin = decodeKeyedBegin(readFields(frame.body));
    } else if (frame.kind === FRAME_KIND.claim && begin !== undefined) {
      claims.ask(connection, begin, decodeClaim(frame));
    } else if (frame.kind === FRAME_KIND.result) {
      claims.finish(decodeResult(frame, begin));
      // The launcher waits for this: it is written down.
      socket.destroy();
    } else {
      throw new FrameError(`unexpected kind ${frame.kind}`);
    }
  };
  serve(socket, onFrame);
  // Nothing that is still to be done is worth more than a launcher that is gone.
  socket.once('close', () => process.exit());
}
