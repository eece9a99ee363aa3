import { decodeClaim, decodeResult } from '../../protocol/claim.ts';
import { decodeFollow } from '../../protocol/follow.ts';
import { FRAME_KIND, type Frame, FrameError, readFields } from '../../protocol/frame.ts';
import { decodeKeyedBegin, type KeyedBegin } from '../../protocol/record.ts';
import { decodeNotify, encodeState } from '../../protocol/socket.ts';
import type { Claims } from '../claims/claims.ts';
import type { Followers } from '../followers.ts';
import type { Connection, OnFrame } from '../listener.ts';
import type { DaemonState } from '../state.ts';

export interface ConversationParts {
  /** An engine of this version notified the daemon. */
  readonly onNotify: (version: string | undefined) => void;
  readonly onStop: () => void;
  readonly onAskDashboard: (connection: Connection) => void;
  readonly state: () => DaemonState;
  readonly claims: Claims;
  readonly followers: Followers;
}

/** Handles each frame from the daemon's socket; see docs/protocol.md. */
export function createConversation(parts: ConversationParts): OnFrame {
  const { onNotify, onStop, onAskDashboard, state, claims, followers } = parts;
  const begins = new WeakMap<Connection, KeyedBegin>();
  return (frame: Frame, connection: Connection): void => {
    switch (frame.kind) {
      case FRAME_KIND.notify:
        onNotify(decodeNotify(frame));
        break;
      case FRAME_KIND.askState:
        connection.send(encodeState(state()));
        break;
      case FRAME_KIND.askDashboard:
        onAskDashboard(connection);
        break;
      case FRAME_KIND.stop:
        onStop();
        break;
      case FRAME_KIND.begin:
        begins.set(connection, decodeKeyedBegin(readFields(frame.body)));
        break;
      case FRAME_KIND.claim: {
        const begin = begins.get(connection);
        if (begin === undefined) throw new FrameError('a claim without an execution');
        begins.delete(connection);
        claims.ask(connection, begin, decodeClaim(frame));
        break;
      }
      case FRAME_KIND.result:
        claims.finish(decodeResult(frame, begins.get(connection)));
        break;
      case FRAME_KIND.follow:
        followers.add(connection, decodeFollow(frame));
        break;
      default:
        throw new FrameError(`unknown kind ${frame.kind}`);
    }
  };
}
