import { connect } from 'node:net';
import type { StatePaths } from '../../src/config/home/paths.ts';
import type { Begin, End } from '../../src/domain/record.ts';
import { VERSION } from '../../src/domain/version.ts';
import { encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { encodeNotify } from '../../src/protocol/socket.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { aBegin, anEnd } from './records.ts';

let spooled = 0;

/** Leaves executions in the spool that started just now, one ms apart, and notifies the daemon as an engine does. */
export function spoolMany(
  { paths }: { readonly paths: StatePaths & { readonly socket: string } },
  count: number,
  begin: Partial<Begin> = {},
  end: Partial<End> = {},
): void {
  const spool = createSpool(paths.spool, paths.quarantine);
  for (let index = 0; index < count; index += 1) {
    spooled += 1;
    const spanId = spooled.toString(16).padStart(16, 'a');
    const one = aBegin({ createdAtMs: Date.now() - count + index, spanId, ...begin });
    spool.finish(one.executionId, encodeBegin(one), encodeEnd(anEnd(end)));
  }
  connect(paths.socket)
    .on('error', () => undefined)
    .end(encodeNotify(VERSION));
}
