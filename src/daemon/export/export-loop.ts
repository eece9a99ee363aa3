import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { readSnapshot } from '../../app/export/read-snapshot.ts';
import type { StoreHandle } from '../../app/store/store-handle.ts';
import { type ConfigWatch, createConfigWatch } from '../../config/file/config-watch.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { reasonOf } from '../../domain/errors.ts';
import type { Exporter } from '../../exporters/exporter.ts';
import { EXPORTERS } from '../../exporters/index.ts';
import type { Network } from '../../network/network.ts';
import type { Spool } from '../../spool/spool.ts';
import { readExported } from '../../store/queries/export.ts';
import { lastLogId } from '../../store/queries/last-log-id.ts';
import { countNext } from '../../store/totals.ts';
import type { Log } from '../log.ts';
import type { DaemonState } from '../state.ts';
import { ExporterSlot } from './exporter-slot.ts';

/** How often, in ms, there is a look at config.json and for rows that nobody told of; and at the most, when told. */
const LOOK_MS = 1000;
const MIN_MS = 200;

/** Executions given out at a time. */
const TURN_ROWS = 500;

/**
 * An exporter without room is waited for, as the table keeps what comes; with looks so often, in ms, and no longer than
 * that: then it drops what is too much, and the others go on.
 */
const ROOM_MS = 20;
const FULL_MS = 2000;

/** At the end, so many ms are left for what was not given out, and as many for what exporters have. */
const STOP_MS = 1500;

/** What came of a turn. */
type Turn = 'done' | 'more' | 'full';

export interface ExportLoopParts {
  readonly paths: StatePaths;
  readonly store: StoreHandle;
  readonly spool: Spool;
  readonly now: () => number;
  readonly log: Log;
  /** Somebody was served, so the daemon is needed. */
  readonly onServed: () => void;
  readonly network: () => Network;
}

/** Gives executions to the exporters that are on, in the order in which they were stored, each once. */
export class ExportLoop {
  readonly #parts: ExportLoopParts;
  readonly #watch: ConfigWatch;
  readonly #slots: readonly ExporterSlot[];
  /** The last row that was given out; undefined while no exporter is on. */
  #mark: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastTurnAt = 0;
  #dueAt = 0;
  #fullSince: number | undefined;
  #isStopped = false;
  #lastFailure: string | undefined;

  constructor(parts: ExportLoopParts) {
    this.#parts = parts;
    // Who keeps the breakers logs what is read.
    this.#watch = createConfigWatch(parts.paths.config, () => undefined);
    const { log, onServed, network } = parts;
    const snapshot = () => this.#snapshot();
    this.#slots = EXPORTERS.map(
      (kind) => new ExporterSlot(kind, { log, onServed, network, snapshot }),
    );
  }

  /** To be called before anything is drained: what is drained then is exported. */
  start(): void {
    try {
      this.#mark = this.#parts.store.use(({ db }) => lastLogId(db));
    } catch {
      // Then it begins behind what is there once the database can be read; the drain says why it cannot.
    }
    this.#later(0);
  }

  /** There are new rows. */
  poke(): void {
    if (this.#mark === undefined) return;
    const nowMs = performance.now();
    const dueAt = Math.max(nowMs, this.#lastTurnAt + MIN_MS);
    // A turn that comes sooner is not put off by news.
    if (dueAt < this.#dueAt) this.#later(dueAt - nowMs);
  }

  states(): DaemonState['exporters'] {
    return this.#slots.map((slot) => slot.state()).filter((state) => state !== undefined);
  }

  /** Those that are on, with what is wrong with each. */
  conditions(): { readonly name: string; readonly failure: string | undefined }[] {
    return this.#slots.flatMap((slot) => {
      const name = slot.state()?.name;
      return name === undefined ? [] : [{ name, failure: slot.failure() }];
    });
  }

  /** Gives out what is there and closes the exporters. To be called after the last drain. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    // An exporter that is just being opened is to have what was drained, too.
    const until = performance.now() + STOP_MS;
    await Promise.race([this.#opened(), wait(STOP_MS, undefined, { ref: false })]);
    for (let turn = this.#turn(); turn !== 'done'; turn = this.#turn()) {
      if (performance.now() >= until) break;
      await wait(turn === 'full' ? ROOM_MS : 0);
    }
    const closed = Promise.all(this.#slots.map((slot) => slot.stop()));
    await Promise.race([closed, wait(STOP_MS, undefined, { ref: false })]);
  }

  async #opened(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.idle()));
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#dueAt = performance.now() + ms;
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#run(), ms);
  }

  #run(): void {
    const turn = this.#turn();
    const isOpening = this.#slots.some((slot) => slot.isBusy());
    const pauses = { more: 0, full: ROOM_MS, done: isOpening ? MIN_MS : LOOK_MS };
    this.#later(pauses[turn]);
  }

  #turn(): Turn {
    this.#lastTurnAt = performance.now();
    const { store, log } = this.#parts;
    try {
      const config = this.#watch.current();
      if (!this.#isStopped) for (const slot of this.#slots) slot.follow(config);
      // What an exporter that is just being opened would miss waits for it.
      if (this.#slots.some((slot) => slot.isBusy())) return 'done';
      const turn = this.#giveOut();
      // So that a scrape has little left to count.
      if (config.prometheus.enabled) store.use(({ db }) => countNext(db, TURN_ROWS));
      this.#lastFailure = undefined;
      return turn;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.#lastFailure) log('export_failed', { reason });
      this.#lastFailure = reason;
      return 'done';
    }
  }

  #giveOut(): Turn {
    const active = this.#slots.flatMap((slot) => slot.exporter() ?? []);
    if (active.length === 0) {
      this.#mark = undefined;
      return 'done';
    }
    const limit = this.#limit(active);
    if (limit === 0) return 'full';
    return this.#parts.store.use(({ db }) => {
      const { executions, lastId } = readExported(db, this.#mark ?? lastLogId(db), limit);
      this.#mark = lastId;
      if (executions.length > 0) for (const exporter of active) exporter.take(executions);
      return executions.length === limit ? 'more' : 'done';
    });
  }

  /** How many executions all of them take; 0: they are to be waited for. */
  #limit(active: readonly Exporter[]): number {
    const room = Math.min(TURN_ROWS, ...active.map((exporter) => exporter.room()));
    if (room > 0) {
      this.#fullSince = undefined;
      return room;
    }
    const nowMs = performance.now();
    this.#fullSince ??= nowMs;
    return nowMs - this.#fullSince < FULL_MS ? 0 : TURN_ROWS;
  }

  #snapshot() {
    const { store, spool, now } = this.#parts;
    return readSnapshot({
      use: (work) => store.use(({ db }) => work(db)),
      spool,
      now,
      // Prometheus comes for what it wants, so there is nothing to count of it.
      exporters: this.states().filter(({ name }) => name !== 'prometheus'),
      pause: nextTurn,
    });
  }
}
