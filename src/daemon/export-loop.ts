import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { readSnapshot } from '../bus/read-snapshot.ts';
import type { StoreHandle } from '../bus/store-handle.ts';
import { type ConfigWatch, createConfigWatch } from '../config/config-watch.ts';
import type { StatePaths } from '../config/paths.ts';
import { reasonOf } from '../domain/errors.ts';
import { EXPORTERS } from '../exporters/index.ts';
import type { Spool } from '../spool/spool.ts';
import { lastLogId } from '../store/last-log-id.ts';
import { readExported } from '../store/queries-export.ts';
import { countNext } from '../store/totals.ts';
import { ExporterSlot } from './exporter-slot.ts';
import type { Log } from './log.ts';
import type { DaemonState } from './state.ts';

/** How often, in ms, there is a look at config.json and for rows that nobody told of; and at the most, when told. */
const LOOK_MS = 1000;
const LEAST_MS = 200;

/** Executions given out at a time. */
const TURN_ROWS = 500;

/** At the end, so many turns and so many ms are left for what was not given out. */
const LAST_TURNS = 20;
const STOP_MS = 1500;

export interface ExportLoopParts {
  readonly paths: StatePaths;
  readonly store: StoreHandle;
  readonly spool: Spool;
  readonly now: () => number;
  readonly log: Log;
  /** Somebody was served, so the daemon is needed. */
  readonly onServed: () => void;
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
  #isStopped = false;
  #lastFailure: string | undefined;

  constructor(parts: ExportLoopParts) {
    this.#parts = parts;
    // Who keeps the breakers logs what is read.
    this.#watch = createConfigWatch(parts.paths.config, () => undefined);
    const { log, onServed } = parts;
    const snapshot = () => this.#snapshot();
    this.#slots = EXPORTERS.map((kind) => new ExporterSlot(kind, { log, onServed, snapshot }));
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
    this.#later(Math.max(0, this.#lastTurnAt + LEAST_MS - performance.now()));
  }

  states(): DaemonState['exporters'] {
    return this.#slots.map((slot) => slot.state()).filter((state) => state !== undefined);
  }

  /** Gives out what is there and closes the exporters. To be called after the last drain. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    // An exporter that is just being opened is to have what was drained, too.
    await Promise.race([this.#opened(), wait(STOP_MS, undefined, { ref: false })]);
    for (let left = LAST_TURNS; left > 0 && this.#turn(); left -= 1);
    const closed = Promise.all(this.#slots.map((slot) => slot.stop()));
    await Promise.race([closed, wait(STOP_MS, undefined, { ref: false })]);
  }

  async #opened(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.settled()));
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#run(), ms);
  }

  #run(): void {
    const hasMore = this.#turn();
    const isOpening = this.#slots.some((slot) => slot.isBusy());
    this.#later(hasMore ? 0 : isOpening ? LEAST_MS : LOOK_MS);
  }

  /** @returns whether there may be more */
  #turn(): boolean {
    this.#lastTurnAt = performance.now();
    const { store, log } = this.#parts;
    try {
      const config = this.#watch.current();
      if (!this.#isStopped) for (const slot of this.#slots) slot.follow(config);
      // What an exporter that is just being opened would miss waits for it.
      if (this.#slots.some((slot) => slot.isBusy())) return false;
      const hasMore = this.#giveOut();
      // So that a scrape has little left to count.
      if (config.prometheus.enabled) store.use(({ db }) => countNext(db, TURN_ROWS));
      this.#lastFailure = undefined;
      return hasMore;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.#lastFailure) log('export_failed', { reason });
      this.#lastFailure = reason;
      return false;
    }
  }

  #giveOut(): boolean {
    const active = this.#slots.flatMap((slot) => slot.exporter() ?? []);
    if (active.length === 0) {
      this.#mark = undefined;
      return false;
    }
    return this.#parts.store.use(({ db }) => {
      const { executions, lastId } = readExported(db, this.#mark ?? lastLogId(db), TURN_ROWS);
      this.#mark = lastId;
      if (executions.length > 0) for (const exporter of active) exporter.take(executions);
      return executions.length === TURN_ROWS;
    });
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
