import { setImmediate as turn } from 'node:timers/promises';
import type { Companion } from './companion.ts';

/** Signals a caller may send to steer or end a hook; the others stop or kill HookBus as they would any process. */
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

/** Signals that do nothing by default, so that the companion cannot tell whom they were for. Sent twice they do no harm. */
export const HARMLESS: ReadonlySet<string> = new Set(['SIGCONT', 'SIGWINCH']);

export interface SignalParts {
  readonly companion: Companion;
  /** A signal came before there was a hook, or when it had ended and the caller had not taken all. */
  readonly onEarly: (signal: NodeJS.Signals) => void;
  /** A signal came while the hook ran; called at once, before it is passed on. */
  readonly onSignal: (signal: NodeJS.Signals) => void;
}

/** Passes signals on to the hook until `stop`. A signal to the whole group has reached the hook already and is not sent again. */
export function forwardSignals({ companion, onEarly, onSignal }: SignalParts) {
  let hookPid: number | undefined;
  let isOlderThanHook = true;
  let isInItsPlace: (() => boolean) | undefined;

  const forward = async (signal: NodeJS.Signals): Promise<void> => {
    if (hookPid === undefined) {
      onEarly(signal);
      return;
    }
    onSignal(signal);
    if (isInItsPlace !== undefined) {
      if (isInItsPlace() && !HARMLESS.has(signal)) onEarly(signal);
      return;
    }
    const pid = hookPid;
    // A signal that came before the hook was there cannot have reached it, to whomever it was sent.
    const mayBeOlder = isOlderThanHook;
    const hasReachedHook = !HARMLESS.has(signal) && (await companion.gotSignalToo());
    if (hasReachedHook && !mayBeOlder) return;
    try {
      process.kill(pid, signal);
    } catch {
      // It ended meanwhile.
    }
  };

  const listen = (signal: NodeJS.Signals): void => void forward(signal);
  for (const signal of FORWARDED) {
    try {
      process.on(signal, listen);
    } catch {
      // Not a signal of this system.
    }
  }
  return {
    /** From here on there is a hook to pass signals to. */
    async hookStarted(pid: number): Promise<void> {
      hookPid = pid;
      // What came before the start is delivered in the first turns of the event loop after it.
      await turn();
      await turn();
      isOlderThanHook = false;
    },
    /** From here on signals are for us, as before its start, while we do what would have kept the hook. */
    hookEnded(isKept: () => boolean): void {
      isInItsPlace = isKept;
    },
    stop(): void {
      for (const signal of FORWARDED) process.off(signal, listen);
    },
  };
}
