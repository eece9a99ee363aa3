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
  /** In the environment of the hook and of everything that it starts, unless somebody changes that. */
  readonly spanId: string;
  /** Descriptors above 2 that the hook shares with its caller. */
  readonly inherited: readonly number[];
}

/**
 * The hook and everything it started, including processes that forked away and have another parent now. Unlike the
 * launcher, Node cannot make itself the parent of orphans. So processes are recognized because they were seen below the
 * hook before, or because they have its variables, those of a run inside it, or one of its streams.
 */
export class Descendants {
  readonly #hookPid: number;
  readonly #hookStart: number;
  /** Process ids with start times, because ids are reused. */
  readonly #known = new Map<number, number>();
  readonly #spans: Set<string>;
  readonly #callersSpan: string | undefined;
  readonly #streams: ReadonlySet<string>;
  /** Processes that do not belong to the hook, so that each is inspected once. */
  readonly #strangers = new Map<number, number>();
  readonly #isProcReadable = process.platform === 'linux' && isProcOurs();

  /** Create this right after the hook started, while it still has its original streams. */
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

  /** Records the processes below the hook, at the cost of a few file reads per process. */
  scan(): void {
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

  /** All of them that still run; inspects every process on the system. */
  living(): number[] {
    const all = allProcesses();
    const hook = all.get(this.#hookPid);
    if (all.size === 0) return exists(this.#hookPid) ? [this.#hookPid] : [];
    // Even if its start time was unreadable, a child of this process with its id is the hook.
    if (hook?.parent === process.pid) this.#known.set(this.#hookPid, hook.start);
    for (const [pid, { start }] of all) {
      // Processes that are older than the hook do not belong to it.
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
    // HookBus's own helpers may hold the streams, too.
    if (this.#streams.size === 0 || parent === process.pid) return false;
    return openFilesOf(pid).some((name) => this.#streams.has(name));
  }

  /** A run inside the hook gives its hook another span; processes with that span belong to this hook as well. */
  #learnSpan(pid: number): void {
    const span = spanIn(environmentOf(pid));
    if (span === undefined || span === this.#callersSpan || this.#spans.has(span)) return;
    this.#spans.add(span);
    this.#strangers.clear();
  }
}

/** The span id in an environment that a HookBus run made; anybody may share another TRACEPARENT. */
function spanIn(environment: string): string | undefined {
  const [, trace, span] =
    /(?:^|\0)TRACEPARENT=00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(environment) ?? [];
  return environment.includes(`HOOKBUS_CORRELATION_ID=${trace}\0`) ? span : undefined;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
