import { reasonOf } from '../../domain/errors.ts';
import { type Exporter, type ExporterParts, failureOf } from '../../exporters/exporter.ts';
import type { EXPORTERS, ExporterOptions } from '../../exporters/index.ts';
import type { Log } from '../log.ts';
import type { DaemonState } from '../state.ts';

/** Delay before an exporter that could not be opened is tried again. */
const RETRY_MS = 5000;

export interface ExporterSlotParts extends ExporterParts {
  readonly log: Log;
}

type State = DaemonState['exporters'][number];

/** Keeps one exporter in the state that config.json describes: opens, closes or reopens it when its section changes. */
export class ExporterSlot {
  readonly #kind: (typeof EXPORTERS)[number];
  readonly #parts: ExporterSlotParts;
  #wanted: string | undefined;
  #exporter: Exporter | undefined;
  #problem: string | undefined;
  #failures = 0;
  #retryAt = 0;
  #work: Promise<void> | undefined;
  #logged: string | undefined;

  constructor(kind: (typeof EXPORTERS)[number], parts: ExporterSlotParts) {
    this.#kind = kind;
    this.#parts = parts;
  }

  /** Applies this configuration in the background. */
  follow(options: ExporterOptions): void {
    if (this.#work !== undefined) return;
    this.#logFailure();
    const { enabled, ...section } = options[this.#kind.name];
    const key = enabled ? JSON.stringify([section, options.export]) : undefined;
    const hasChanged = key !== this.#wanted;
    const isMissing = key !== undefined && this.#exporter === undefined;
    if (!hasChanged && !(isMissing && performance.now() >= this.#retryAt)) return;
    this.#wanted = key;
    this.#work = this.#change(hasChanged, key === undefined ? undefined : options).finally(() => {
      this.#work = undefined;
    });
  }

  isBusy(): boolean {
    return this.#work !== undefined;
  }

  /** Resolves when the exporter is neither opening nor closing. */
  async idle(): Promise<void> {
    await this.#work;
  }

  exporter(): Exporter | undefined {
    return this.#exporter;
  }

  /** Undefined if the exporter is off. */
  state(): State | undefined {
    if (this.#wanted === undefined) return undefined;
    const state = this.#exporter?.state();
    const isFailing = state === undefined ? this.#problem !== undefined : !state.isWorking;
    return {
      name: this.#kind.name,
      target: state?.target ?? null,
      state: isFailing ? 'failing' : state === undefined ? 'starting' : 'working',
      last_error: this.#problem ?? state?.lastError ?? null,
      sent: state?.sent ?? 0,
      dropped: state?.dropped ?? 0,
      failures: state?.failures ?? this.#failures,
    };
  }

  /** The current error, if any. */
  failure(): string | undefined {
    const state = this.#exporter?.state();
    return state === undefined ? this.#problem : failureOf(state);
  }

  async stop(): Promise<void> {
    await this.#work;
    await this.#close();
  }

  async #change(hasChanged: boolean, options: ExporterOptions | undefined): Promise<void> {
    if (hasChanged) {
      await this.#close();
      this.#problem = undefined;
    }
    if (options !== undefined) await this.#open(options);
    this.#logFailure();
  }

  async #open(options: ExporterOptions): Promise<void> {
    const { name, open } = this.#kind;
    try {
      this.#exporter = await open(options, this.#parts);
      this.#problem = undefined;
      this.#failures = 0;
      this.#parts.log('exporter_on', { name, target: this.#exporter.state().target });
    } catch (error) {
      this.#problem = reasonOf(error);
      this.#failures += 1;
      this.#retryAt = performance.now() + RETRY_MS;
    }
  }

  async #close(): Promise<void> {
    const old = this.#exporter;
    this.#exporter = undefined;
    if (old === undefined) return;
    await old.close();
    const { sent, dropped } = old.state();
    this.#parts.log('exporter_off', { name: this.#kind.name, sent, dropped });
  }

  /** Logs each kind of failure once, and the recovery. */
  #logFailure(): void {
    const state = this.#exporter?.state();
    const reason = state?.isWorking === true ? undefined : (this.#problem ?? state?.lastError);
    const { name } = this.#kind;
    if (reason !== undefined && reason !== this.#logged)
      this.#parts.log('exporter_failed', { name, reason });
    if (reason === undefined && this.#logged !== undefined && state !== undefined)
      this.#parts.log('exporter_works', { name });
    this.#logged = reason;
  }
}
