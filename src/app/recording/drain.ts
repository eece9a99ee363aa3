import { type HookId, uniqueHooks } from '../../domain/hook/hook-id.ts';
import { isRunning } from '../../os/process.ts';
import type { LogPiece } from '../../spool/log-file.ts';
import type { Spool } from '../../spool/spool.ts';
import type { ExecutionWriter } from '../../store/executions.ts';
import { assemble, interruptedEnd } from './assemble.ts';
import { canCompress } from './compression.ts';
import { readOld } from './drain-old.ts';
import { withRedactionInForce } from './redaction-in-force.ts';
import { decodeEntry, isFinal, type SpoolRecord, withLater } from './spool-record.ts';

export interface DrainLimits {
  /** Most records to take. */
  readonly records?: number;
  /** Which config.json has a say in redaction; where none does, there is always redaction. */
  readonly config?: string;
  /** Stops before the next batch once the clock is past this, in ms. */
  readonly untilMs?: number;
  /** How much may stay in the log that nobody needs any more, in bytes; as it likes where it is left out. */
  readonly rotateBytes?: number;
}

/** What one drain did. */
export interface Drained {
  readonly stored: number;
  readonly unreadable: number;
  /** The hooks of those that were stored. */
  readonly hooks: readonly HookId[];
  /** Whether there was more than it was to take. */
  readonly hasMore: boolean;
}

/** Records in one transaction: enough that its cost is spread, few enough that others get a turn. */
const BATCH = 200;

/** An execution, and where in the logs it is told of. */
interface Group {
  readonly pieces: LogPiece[];
  readonly record: SpoolRecord;
}

/** One that goes into the database, and what takes it away from where it waited. */
interface Ready {
  readonly record: SpoolRecord;
  readonly isWaiting: () => boolean;
  readonly take: () => void;
}

interface Draining {
  readonly writer: ExecutionWriter;
  readonly now: () => number;
  readonly limits: DrainLimits;
}

/**
 * Takes what waits in the spool into the database, in batches of one transaction. Draining a record twice stores it
 * once, so several processes may do this at the same time. It goes on where it was: one that is not called again is to be
 * closed.
 */
export class Drain {
  readonly #spool: Spool;
  /** Executions that have not ended as far as the logs tell, by their token. */
  readonly #begun = new Map<string, Group>();
  #stored = 0;
  #unreadable = 0;
  #hooks: HookId[] = [];

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /** @throws what the store or the file system says; what was not taken then waits */
  run(writer: ExecutionWriter, now: () => number, limits: DrainLimits = {}): Drained {
    [this.#stored, this.#unreadable, this.#hooks] = [0, 0, []];
    try {
      const hasMore = this.#drain({ writer, now, limits });
      const [stored, unreadable] = [this.#stored, this.#unreadable];
      return { stored, unreadable, hooks: uniqueHooks(this.#hooks), hasMore };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#begun.clear();
    this.#spool.logs.close();
  }

  #drain(draining: Draining): boolean {
    const { logs } = this.#spool;
    if (this.#storeAll(() => this.#oldOnes(draining), draining)) return true;
    this.#noteUnreadable(logs.find(), draining);
    if (this.#storeAll(() => this.#endedOnes(draining), draining)) return true;
    const gone = [...this.#begun].filter(([, group]) => isGone(group));
    if (gone.length === 0) return false;
    // They may have ended between our reading and their death, so read again: from now on nobody writes for them.
    this.#noteUnreadable(logs.find(), draining);
    if (this.#storeAll(() => this.#endedOnes(draining), draining)) return true;
    if (this.#storeAll(() => this.#interruptedOnes(gone.map(([token]) => token)), draining))
      return true;
    return this.#storeAll(() => this.#endedOnes(draining), draining);
  }

  /** Lists them anew after each batch: a log of which all is taken then goes. @returns whether it stopped before the end */
  #storeAll(list: () => Generator<Ready>, { writer, now, limits }: Draining): boolean {
    const { records = Number.POSITIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = limits;
    for (;;) {
      if (this.#stored >= records || now() >= untilMs) return true;
      const most = Math.min(BATCH, records - this.#stored);
      const batch: Ready[] = [];
      for (const ready of list()) if (batch.push(ready) === most) break;
      if (batch.length === 0) return false;
      this.#store(batch, writer, limits.config);
    }
  }

  #store(batch: readonly Ready[], writer: ExecutionWriter, config: string | undefined): void {
    const waiting = batch.filter(({ isWaiting }) => isWaiting());
    const recorded = waiting.map(({ record: { begin, end } }) =>
      assemble(
        withRedactionInForce(begin, config),
        end === undefined || end.kind === 'cut_off' ? interruptedEnd(end) : end,
      ),
    );
    if (recorded.length > 0) writer.write(recorded);
    for (const { take } of batch) take();
    this.#hooks.push(...recorded.map(({ execution }) => execution));
    this.#stored += recorded.length;
  }

  *#oldOnes(draining: Draining): Generator<Ready> {
    const { old } = this.#spool;
    for (const entry of old.list()) {
      const record = readOld(old, entry, draining.now());
      if (record === 'unreadable') {
        this.#noteUnreadable(old.quarantine(entry) ? 1 : 0, draining);
      } else if (record !== undefined && !isLeft(record)) {
        yield { record, isWaiting: () => true, take: () => old.remove([entry]) };
      }
    }
  }

  /** Reads on in the logs. */
  *#endedOnes(draining: Draining): Generator<Ready> {
    const { logs } = this.#spool;
    for (;;) {
      const piece = logs.next(draining.limits.rotateBytes);
      if (piece === undefined) return;
      const group = this.#add(piece, draining);
      if (group === undefined || !isFinal(group.record) || isLeft(group.record)) continue;
      this.#begun.delete(piece.token ?? '');
      yield this.#readyOf(group);
    }
  }

  *#interruptedOnes(tokens: readonly string[]): Generator<Ready> {
    for (const token of tokens) {
      const group = this.#begun.get(token);
      if (group === undefined) continue;
      this.#begun.delete(token);
      yield this.#readyOf(group);
    }
  }

  /** @returns what is known of its execution now; undefined where that is nothing */
  #add(piece: LogPiece, draining: Draining): Group | undefined {
    const { logs } = this.#spool;
    const { token, frames } = piece;
    const before = token === undefined ? undefined : this.#begun.get(token);
    if (token !== undefined && frames.length === 0) {
      for (const one of [...(before?.pieces ?? []), piece]) logs.take(one);
      this.#begun.delete(token);
      return undefined;
    }
    const record = token === undefined ? undefined : decodeEntry(frames);
    if (token === undefined || record === undefined) {
      this.#noteUnreadable(logs.quarantine(piece) ? 1 : 0, draining);
      return undefined;
    }
    const group = {
      pieces: [...(before?.pieces ?? []), piece],
      record: withLater(before?.record, record),
    };
    this.#begun.set(token, group);
    return group;
  }

  #readyOf({ pieces, record }: Group): Ready {
    const { logs } = this.#spool;
    return {
      record,
      // Each says all that is known by then, and who takes them takes the last one last.
      isWaiting: () => pieces.slice(-1).every((piece) => logs.isWaiting(piece)),
      take: () => {
        for (const piece of pieces) logs.take(piece);
      },
    };
  }

  #noteUnreadable(count: number, { writer, now }: Draining): void {
    const text = 'a record could not be read and was set aside';
    for (let one = 0; one < count; one += 1) {
      writer.note('spool', text, new Date(now()).toISOString());
    }
    this.#unreadable += count;
  }
}

/** Left for a process that has loaded what it takes. */
const isLeft = ({ begin }: SpoolRecord): boolean =>
  begin.storeRaw && begin.compress && !canCompress();

const isGone = ({ record }: Group): boolean =>
  !isFinal(record) && !isLeft(record) && !isRunning(record.begin.pid, record.begin.pidStart);

/** Drains once. @throws as `run` */
export function drainSpool(
  spool: Spool,
  writer: ExecutionWriter,
  now: () => number,
  limits: DrainLimits = {},
): Drained {
  const drain = new Drain(spool);
  try {
    return drain.run(writer, now, limits);
  } finally {
    drain.close();
  }
}
