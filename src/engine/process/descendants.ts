import { processStart } from '../../os/process.ts';
import {
  allProcesses,
  childrenOf,
  environmentOf,
  isProcOurs,
  openFilesOf,
  type ProcessState,
} from './process-table.ts';

export interface DescendantsOptions {
  readonly hookPid: number;
  /** Stands in the environment of the hook, and so of all that it starts, unless somebody changes that. */
  readonly spanId: string;
  /** Descriptors above 2 that the hook shares with the caller. */
  readonly inherited: readonly number[];
}

/**
 * The hook and what it started, even what forked away and now has another parent. Node cannot ask the kernel to keep
 * such orphans below us, as the launcher does. So they are known by having been seen below the hook before, or by what
 * they have from it: its variables, or those of a run inside it, or an end of its streams.
 */
export class Descendants {
  readonly #hookPid: number;
  readonly #hookStart: number;
  /** Process ids, and when each started: an id may be given again. */
  readonly #known = new Map<number, number>();
  readonly #spans: Set<string>;
  readonly #callersSpan: string | undefined;
  readonly #streams: ReadonlySet<string>;
  /** Those that are not the hook's, so that they are looked into once. */
  readonly #strangers = new Map<number, number>();
  readonly #isProcReadable = process.platform === 'linux' && isProcOurs();

  /** To be made as soon as the hook has started, while its streams are what it was given. */
  constructor({ hookPid, spanId, inherited }: DescendantsOptions) {
    this.#hookPid = hookPid;
    this.#hookStart = this.#isProcReadable ? processStart(hookPid) : 0;
    this.#known.set(hookPid, this.#hookStart);
    this.#spans = new Set([spanId]);
    this.#callersSpan = this.#isProcReadable ? spanIn(environmentOf(process.pid)) : undefined;
    const callers = new Set(openFilesOf('self', [0, 1, 2, ...inherited]));
    const own = this.#isProcReadable ? openFilesOf(hookPid, [0, 1, 2]) : [];
    this.#streams = new Set(
      own.filter((name) => /^(?:pipe|socket):/.test(name) && !callers.has(name)),
    );
  }

  /** Gets to know those that are below the hook now, at the cost of some files for each. */
  look(): void {
    if (!this.#isProcReadable) return;
    const queue = [...this.#known.keys()];
    for (const pid of queue) {
      if (processStart(pid) !== this.#known.get(pid)) {
        this.#known.delete(pid);
        continue;
      }
      this.#learnSpan(pid);
      for (const child of childrenOf(pid)) {
        const start = processStart(child);
        if (start === 0 || this.#known.get(child) === start) continue;
        this.#known.set(child, start);
        queue.push(child);
      }
    }
  }

  /** All that still live; looks through every process there is. */
  living(): number[] {
    const all = allProcesses();
    const hook = all.get(this.#hookPid);
    if (all.size === 0) return isThere(this.#hookPid) ? [this.#hookPid] : [];
    // Whatever else could not be read: a child of ours with its id is the hook.
    if (hook?.parent === process.pid) this.#known.set(this.#hookPid, hook.start);
    for (const [pid, { start }] of all) {
      // What was there before the hook is not its doing.
      if (start < this.#hookStart || pid === process.pid) all.delete(pid);
    }
    for (const [pid, start] of this.#known) {
      if (all.get(pid)?.start !== start) this.#known.delete(pid);
    }
    for (let before = -1; before !== this.#known.size; ) {
      before = this.#known.size;
      this.#addChildren(all);
      for (const pid of this.#known.keys()) this.#learnSpan(pid);
      this.#addMarked(all);
    }
    return [...this.#known.keys()].filter((pid) => all.get(pid)?.isOver === false);
  }

  #addChildren(all: ReadonlyMap<number, ProcessState>): void {
    for (let before = -1; before !== this.#known.size; ) {
      before = this.#known.size;
      for (const [pid, { parent, start }] of all) {
        if (this.#known.has(parent)) this.#known.set(pid, start);
      }
    }
  }

  #addMarked(all: ReadonlyMap<number, ProcessState>): void {
    for (const [pid, state] of all) {
      if (this.#known.has(pid) || this.#strangers.get(pid) === state.start) continue;
      (this.#isMarked(pid, state) ? this.#known : this.#strangers).set(pid, state.start);
    }
  }

  #isMarked(pid: number, { parent }: ProcessState): boolean {
    const environment = environmentOf(pid);
    if ([...this.#spans].some((span) => environment.includes(`-${span}-`))) return true;
    // Helpers of our own may hold the streams, too.
    if (this.#streams.size === 0 || parent === process.pid) return false;
    return openFilesOf(pid).some((name) => this.#streams.has(name));
  }

  /** A run inside the hook gives its own hook another span: what bears it is ours as well. */
  #learnSpan(pid: number): void {
    const span = spanIn(environmentOf(pid));
    if (span === undefined || span === this.#callersSpan || this.#spans.has(span)) return;
    this.#spans.add(span);
    this.#strangers.clear();
  }
}

/** The span id in an environment that a run of HookBus made; other trace parents may be shared by anybody. */
function spanIn(environment: string): string | undefined {
  const [, trace, span] =
    /(?:^|\0)TRACEPARENT=00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(environment) ?? [];
  return environment.includes(`HOOKBUS_CORRELATION_ID=${trace}\0`) ? span : undefined;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
