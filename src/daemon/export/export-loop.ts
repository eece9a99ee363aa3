import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { readIdentity } from '../../app/export/identity.ts';
import { createLogFeed } from '../../app/export/log-feed.ts';
import { readOpenAlerts } from '../../app/export/open-alerts.ts';
import { readSnapshot } from '../../app/export/read-snapshot.ts';
import type { Config } from '../../config/file/config-file.ts';
import type { Exporter } from '../../exporters/exporter.ts';
import { EXPORTERS } from '../../exporters/index.ts';
import type { Network } from '../../network/network.ts';
import { readExported } from '../../store/queries/export.ts';
import { lastLogId } from '../../store/queries/last-log-id.ts';
import { countNext } from '../../store/totals.ts';
import type { CommonParts } from '../common-parts.ts';
import { createLoop } from '../loops/loop.ts';
import type { DaemonState } from '../state.ts';
import { ExporterSlot } from './exporter-slot.ts';

/**
 * How often config.json and the table are polled without a notification; and the minimum interval with notifications.
 */
const POLL_MS = 1000;
const MIN_MS = 200;

/** Executions handed to the exporters at a time. */
const TURN_ROWS = 100;

/**
 * If an exporter has no room, export waits up to `FULL_MS` and polls every `ROOM_MS`; the table keeps the executions
 * meanwhile. After that the exporter drops executions, and the others go on.
 */
const ROOM_MS = 20;
const FULL_MS = 2000;

/** On stop: time for executions not yet handed out, and again for what exporters still hold. */
const STOP_MS = 1500;

export interface ExportLoopParts extends CommonParts {
  readonly config: () => Config;
  readonly countWaiting: () => number;
  /** Called when an exporter served a client, so that the daemon stays up. */
  readonly onServed: () => void;
  readonly network: () => Network;
}

/** Hands executions to the enabled exporters, in the order in which they were stored, each once. */
export class ExportLoop {
  readonly #parts: ExportLoopParts;
  readonly #slots: readonly ExporterSlot[];
  /** The last row that was handed out; undefined while no exporter is enabled. */
  #mark: number | undefined;
  readonly #loop: ReturnType<typeof createLoop>;
  #fullSince: number | undefined;
  #isStopped = false;

  constructor(parts: ExportLoopParts) {
    this.#parts = parts;
    const { log, onServed, network, store } = parts;
    this.#loop = createLoop({
      log,
      failure: 'export_failed',
      retryMs: POLL_MS,
      minMs: MIN_MS,
      step: () => this.#step(),
    });
    const shared = {
      ...{ log, onServed, network },
      snapshot: () => this.#snapshot(),
      resource: () => store.use(({ db }) => readIdentity(db, parts.config().export)).attributes,
      alerts: () => store.use(({ db }) => readOpenAlerts(db)),
      logs: () =>
        createLogFeed({
          use: (work) => store.use(({ db }) => work(db)),
          config: () => parts.config().export,
          now: parts.now,
        }),
    };
    this.#slots = EXPORTERS.map((kind) => new ExporterSlot(kind, shared));
  }

  /** Call this before the first ingest, so that what it stores is exported. */
  start(): void {
    try {
      this.#mark = this.#parts.store.use(({ db }) => lastLogId(db));
    } catch {
      // Export then starts after the existing rows, once the database can be read; ingest logs the reason.
    }
    this.#loop.start();
  }

  /** Call this when there are new rows. */
  notify(): void {
    if (this.#mark !== undefined) this.#loop.within();
  }

  states(): DaemonState['exporters'] {
    return this.#slots.map((slot) => slot.state()).filter((state) => state !== undefined);
  }

  /** The enabled exporters, with the current error of each. */
  conditions(): { readonly name: string; readonly failure: string | undefined }[] {
    return this.#slots.flatMap((slot) => {
      const name = slot.state()?.name;
      return name === undefined ? [] : [{ name, failure: slot.failure() }];
    });
  }

  /** Hands out what is left and closes the exporters. Call this after the last ingest. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#loop.stop();
    // An exporter that is still opening should get the last executions, too.
    const until = performance.now() + STOP_MS;
    await Promise.race([this.#opened(), wait(STOP_MS, undefined, { ref: false })]);
    const step = (): number => this.#loop.once() ?? POLL_MS;
    // A longer pause says that nothing is left, or that it failed.
    for (let pauseMs = step(); pauseMs <= ROOM_MS; pauseMs = step()) {
      if (performance.now() >= until) break;
      await wait(pauseMs);
    }
    const closed = Promise.all(this.#slots.map((slot) => slot.stop()));
    await Promise.race([closed, wait(STOP_MS, undefined, { ref: false })]);
  }

  async #opened(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.idle()));
  }

  #step(): number {
    const config = this.#parts.config();
    if (!this.#isStopped) for (const slot of this.#slots) slot.follow(config);
    // Wait until no exporter is opening, so that it misses nothing.
    if (this.#slots.some((slot) => slot.isBusy())) return MIN_MS;
    const pauseMs = this.#handOut();
    // Count now, so that a scrape has little left to count.
    if (config.prometheus.enabled) this.#parts.store.use(({ db }) => countNext(db, TURN_ROWS));
    return pauseMs;
  }

  /** @returns the pause until there may be more to hand out */
  #handOut(): number {
    const active = this.#slots.flatMap((slot) => slot.exporter() ?? []);
    if (active.length === 0) {
      this.#mark = undefined;
      return POLL_MS;
    }
    const limit = this.#limit(active);
    if (limit === 0) return ROOM_MS;
    return this.#parts.store.use(({ db }) => {
      const { projectLabel } = readIdentity(db, this.#parts.config().export);
      const from = this.#mark ?? lastLogId(db);
      const { executions, lastId } = readExported(db, from, limit, projectLabel);
      this.#mark = lastId;
      if (executions.length > 0) for (const exporter of active) exporter.take(executions);
      return executions.length === limit ? 0 : POLL_MS;
    });
  }

  /** How many executions the exporters take now; 0: wait for room. */
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
    const { store, countWaiting, now, config } = this.#parts;
    return readSnapshot({
      use: (work) => store.use(({ db }) => work(db)),
      config: config().export,
      countWaiting,
      now,
      // Prometheus pulls, so there is no export to count.
      exporters: this.states().filter(({ name }) => name !== 'prometheus'),
      pause: nextTurn,
    });
  }
}
