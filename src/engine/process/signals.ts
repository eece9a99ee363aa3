import { setImmediate as turn } from 'node:timers/promises';
import type { Companion } from './companion.ts';

/** Signals that a caller may send to control or end a hook; others stop or kill HookBus like any process. */
const FORWARDED = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGABRT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGIO',
  'SIGPWR',
  'SIGCONT',
  'SIGWINCH',
] as const satisfies readonly NodeJS.Signals[];

/**
 * Signals that do nothing by default, so the companion cannot tell whether it got them too. Sending them twice is
 * harmless.
 */
export const HARMLESS: ReadonlySet<string> = new Set(['SIGCONT', 'SIGWINCH']);

export interface SignalParts {
  readonly companion: Companion;
  /** Called on a signal before the hook starts, or after it has exited while the caller has not read everything. */
  readonly onEarly: (signal: NodeJS.Signals) => void;
  /** Called on a signal while the hook runs, before the signal is forwarded. */
  readonly onSignal: (signal: NodeJS.Signals) => void;
}

/**
 * Forwards signals to the hook until `stop`. A signal to the whole process group has reached the hook and is not sent
 * again.
 */
export function forwardSignals({ companion, onEarly, onSignal }: SignalParts) {
  let hookPid: number | undefined;
  let isOlderThanHook = true;
  let isHookKept: (() => boolean) | undefined;

  const forward = async (signal: NodeJS.Signals): Promise<void> => {
    if (hookPid === undefined) {
      onEarly(signal);
      return;
    }
    onSignal(signal);
    if (isHookKept !== undefined) {
      if (isHookKept() && !HARMLESS.has(signal)) onEarly(signal);
      return;
    }
    const pid = hookPid;
    // A signal from before the hook started cannot have reached it.
    const mayBeOlder = isOlderThanHook;
    const hasReachedHook = !HARMLESS.has(signal) && (await companion.gotSignalToo());
    if (hasReachedHook && !mayBeOlder) return;
    try {
      process.kill(pid, signal);
    } catch {
      // The hook has exited meanwhile.
    }
  };

  const listen = (signal: NodeJS.Signals): void => void forward(signal);
  for (const signal of FORWARDED) {
    try {
      process.on(signal, listen);
    } catch {
      // This system does not have the signal.
    }
  }
  return {
    /** The hook has started: forward signals to it from now on. */
    async hookStarted(pid: number): Promise<void> {
      hookPid = pid;
      // Signals from before the start are delivered in the next turns of the event loop.
      await turn();
      await turn();
      isOlderThanHook = false;
    },
    /** The hook has exited: signals concern this process as long as the bare hook would still be writing (`isKept`). */
    hookEnded(isKept: () => boolean): void {
      isHookKept = isKept;
    },
    stop(): void {
      for (const signal of FORWARDED) process.off(signal, listen);
    },
  };
}
