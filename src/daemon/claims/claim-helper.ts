import { Socket } from 'node:net';
import { createStoreHandle } from '../../app/store/store-handle.ts';
import { decodeClaim, decodeResult } from '../../protocol/claim.ts';
import { FRAME_KIND, type Frame, FrameError, readFields } from '../../protocol/frame.ts';
import { decodeKeyedBegin, type KeyedBegin } from '../../protocol/record.ts';
import { CLAIM_BUSY_MS } from '../../store/database.ts';
import { type Connection, serve } from '../listener.ts';
import { Claims } from './claims.ts';

/**
 * Serves one launcher's claim of one key, as the daemon would, and exits with the connection. Asks no key server.
 * @throws if the descriptor is not a socket
 */
export function serveOneClaim(
  descriptor: number,
  databasePath: string,
  report: (what: string, error: unknown) => void,
): void {
  const socket = new Socket({ fd: descriptor, readable: true, writable: true });
  const claims = new Claims({
    store: createStoreHandle(databasePath, CLAIM_BUSY_MS, Date.now),
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
      // The launcher waits for the connection to close, which says that the result is stored.
      socket.destroy();
    } else {
      throw new FrameError(`unexpected kind ${frame.kind}`);
    }
  };
  serve(socket, onFrame);
  // Nothing is left to do for a launcher that has gone.
  socket.once('close', () => process.exit());
}
