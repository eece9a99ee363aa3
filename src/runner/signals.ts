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
const HARMLESS: ReadonlySet<string> = new Set(['SIGCONT', 'SIGWINCH']);

/**
 * Passes signals on to the hook until `stop`. A signal to the whole group has reached the hook already and is not sent again.
 * `onSignal` is told of each at once.
 */
export function forwardSignals(
  hookPid: () => number | undefined,
  companion: Companion,
  onSignal: (signal: NodeJS.Signals) => void,
): { stop: () => void } {
  const forward = async (signal: NodeJS.Signals): Promise<void> => {
    onSignal(signal);
    if (!HARMLESS.has(signal) && (await companion.gotSignalToo())) return;
    const pid = hookPid();
    if (pid === undefined) return;
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
    stop: () => {
      for (const signal of FORWARDED) process.off(signal, listen);
    },
  };
}
