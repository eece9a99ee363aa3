import { type HookId, uniqueHooks } from '../../domain/hook/hook-id.ts';
import { isRunning } from '../../os/process.ts';
import type { LogPiece } from '../../spool/log-file.ts';
import type { Spool } from '../../spool/spool.ts';
import type { ExecutionWriter } from '../../store/executions.ts';
import { assemble, interruptedEnd } from './assemble.ts';
import { canCompress } from './compression.ts';
import { createSurroundings } from './facts/surroundings.ts';
import { readOld } from './ingest-old.ts';
import { withRedactionInForce } from './redaction-in-force.ts';
import { decodeEntry, isFinal, type SpoolRecord, withLater } from './spool-record.ts';

export interface IngestLimits {
  /** Maximum number of records. */
  readonly records?: number;
  /** The config.json that may switch redaction off; without one, everything is redacted. */
  readonly config?: string;
  /** Stops before the next batch once the clock has passed this. */
  readonly untilMs?: number;
  /** Rotates the log if it is larger than this and completely ingested; the spool decides if omitted. */
  readonly rotateBytes?: number;
}

/** The result of one ingest. */
export interface Ingested {
  readonly stored: number;
  readonly unreadable: number;
  /** The hooks whose executions were stored. */
  readonly hooks: readonly HookId[];
  /** Whether it stopped at a limit. */
  readonly hasMore: boolean;
}

/** Records per transaction: many share its cost, but others still get a turn. */
const BATCH = 40;

/** An execution, and where in the logs its parts are. */
interface Group {
  readonly pieces: LogPiece[];
  readonly record: SpoolRecord;
}

/** A record to store, and how to remove it from the spool. */
interface Ready {
  readonly record: SpoolRecord;
  readonly isWaiting: () => boolean;
  readonly take: () => void;
}

interface Run {
  readonly writer: ExecutionWriter;
  readonly now: () => number;
  readonly limits: IngestLimits;
}

/**
 * Moves records from the spool into the database, in batches of one transaction each. Storing is idempotent, so several
 * processes may do this at once. A second call to `run` continues where the first one stopped; call `close` when done.
 */
export class Ingester {
  readonly #spool: Spool;
  /** Executions that have not finished according to the logs, by token. */
  readonly #begun = new Map<string, Group>();
  #stored = 0;
  #unreadable = 0;
  #hooks: HookId[] = [];

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /** @throws errors of the store or the file system; the rest stays in the spool */
  run(writer: ExecutionWriter, now: () => number, limits: IngestLimits = {}): Ingested {
    [this.#stored, this.#unreadable, this.#hooks] = [0, 0, []];
    try {
      const hasMore = this.#ingest({ writer, now, limits });
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

  #ingest(run: Run): boolean {
    const { logs } = this.#spool;
    if (this.#storeAll(() => this.#oldOnes(run), run)) return true;
    this.#noteUnreadable(logs.find(), run);
    if (this.#storeAll(() => this.#endedOnes(run), run)) return true;
    const gone = [...this.#begun].filter(([, group]) => isGone(group));
    if (gone.length === 0) return false;
    // An engine may have finished its record after it was read here and before the engine exited, so read once more.
    this.#noteUnreadable(logs.find(), run);
    if (this.#storeAll(() => this.#endedOnes(run), run)) return true;
    if (this.#storeAll(() => this.#interruptedOnes(gone.map(([token]) => token)), run)) return true;
    return this.#storeAll(() => this.#endedOnes(run), run);
  }

  /** Lists again after each batch, because storing a batch may remove a log. @returns whether it stopped at a limit */
  #storeAll(list: () => Generator<Ready>, { writer, now, limits }: Run): boolean {
    const { records = Number.POSITIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = limits;
    for (;;) {
      if (this.#stored >= records || now() >= untilMs) return true;
      const size = Math.min(BATCH, records - this.#stored);
      const batch: Ready[] = [];
      for (const ready of list()) if (batch.push(ready) === size) break;
      if (batch.length === 0) return false;
      this.#store(batch, writer, limits.config);
    }
  }

  #store(batch: readonly Ready[], writer: ExecutionWriter, config: string | undefined): void {
    const waiting = batch.filter(({ isWaiting }) => isWaiting());
    const surroundings = createSurroundings();
    const recorded = waiting.map(({ record: { begin, end } }) =>
      assemble(
        withRedactionInForce(begin, config),
        end === undefined || end.kind === 'cut_off' ? interruptedEnd(end) : end,
        surroundings(begin),
      ),
    );
    if (recorded.length > 0) writer.write(recorded);
    for (const { take } of batch) take();
    this.#hooks.push(...recorded.map(({ execution }) => execution));
    this.#stored += recorded.length;
  }

  *#oldOnes(run: Run): Generator<Ready> {
    const { old } = this.#spool;
    for (const entry of old.list()) {
      const record = readOld(old, entry, run.now());
      if (record === 'unreadable') {
        this.#noteUnreadable(old.quarantine(entry) ? 1 : 0, run);
      } else if (record !== undefined && !isDeferred(record)) {
        yield { record, isWaiting: () => true, take: () => old.remove([entry]) };
      }
    }
  }

  /** Continues to read the logs. */
  *#endedOnes(run: Run): Generator<Ready> {
    const { logs } = this.#spool;
    for (;;) {
      const piece = logs.next(run.limits.rotateBytes);
      if (piece === undefined) return;
      const group = this.#add(piece, run);
      if (group === undefined || !isFinal(group.record) || isDeferred(group.record)) continue;
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

  /** @returns what is known about the execution after this piece; undefined if nothing */
  #add(piece: LogPiece, run: Run): Group | undefined {
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
      this.#noteUnreadable(logs.quarantine(piece) ? 1 : 0, run);
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
      // Each piece repeats what the earlier ones say, and whoever takes the pieces takes the last one last.
      isWaiting: () => pieces.slice(-1).every((piece) => logs.isWaiting(piece)),
      take: () => {
        for (const piece of pieces) logs.take(piece);
      },
    };
  }

  #noteUnreadable(count: number, { writer, now }: Run): void {
    const text = 'a record could not be read and was quarantined';
    for (let one = 0; one < count; one += 1) {
      writer.note('spool', text, new Date(now()).toISOString());
    }
    this.#unreadable += count;
  }
}

/** Deferred to a process that has loaded the compression. */
const isDeferred = ({ begin }: SpoolRecord): boolean =>
  begin.storeRaw && begin.compress && !canCompress();

const isGone = ({ record }: Group): boolean =>
  !isFinal(record) && !isDeferred(record) && !isRunning(record.begin.pid, record.begin.pidStart);

/** Ingests once. @throws like `Ingester.run` */
export function ingestSpool(
  spool: Spool,
  writer: ExecutionWriter,
  now: () => number,
  limits: IngestLimits = {},
): Ingested {
  const ingester = new Ingester(spool);
  try {
    return ingester.run(writer, now, limits);
  } finally {
    ingester.close();
  }
}
