import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** How a process ends, and how HookBus ends in its stead. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals };

/** Signals whose default action writes a core file. */
const CORE_SIGNALS: ReadonlySet<string> = new Set(
  'SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGSEGV SIGXCPU SIGXFSZ SIGSYS'.split(' '),
);

/** How long a signal to ourselves may take to arrive, in ms. */
const DEATH_MS = 500;

/** Ends this process as the hook ended: with the same code, or by the same signal. */
export function leave(exit: Exit): void {
  if (exit.kind === 'code') process.exit(exit.code);
  const { signal } = exit;
  if (CORE_SIGNALS.has(signal)) forbidCoreFile();
  restoreDefault(signal);
  // Should the signal not kill us, a shell's way of saying the same.
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), DEATH_MS);
  process.kill(process.pid, signal);
}

/** Node ignores or handles some signals itself; taking the last listener off puts the default action back. */
function restoreDefault(signal: NodeJS.Signals): void {
  if (signal === 'SIGKILL' || signal === 'SIGSTOP') return;
  const nothing = (): void => undefined;
  try {
    process.on(signal, nothing);
    process.removeAllListeners(signal);
  } catch {
    // A signal Node cannot listen to has its default action anyway.
  }
}

/**
 * The hook's own core file is the true one. A limit of 1 byte, not 0, since that also stops a dump into a pipe (core(5)).
 */
function forbidCoreFile(): void {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    if (/^Max core file size\s+[01]\s/m.test(limits)) return;
    spawnSync('prlimit', ['--pid', String(process.pid), '--core=1:1'], {
      stdio: 'ignore',
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    });
  } catch {
    // No such tool or file here: a second core file is the lesser evil.
  }
}

/** What a shell says when a program cannot be run; undefined when it can, or when the reason is another. */
export function startFailure(
  program: string,
  code: string | undefined,
): { exitCode: number; message: string } {
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG')
    return { exitCode: 127, message: `${program}: not found` };
  const reasons: Record<string, string> = {
    EACCES: 'Permission denied',
    EPERM: 'Operation not permitted',
    ENOEXEC: 'Exec format error',
    E2BIG: 'Argument list too long',
    ETXTBSY: 'Text file busy',
    ELOOP: 'Too many levels of symbolic links',
    EISDIR: 'Is a directory',
  };
  return {
    exitCode: 126,
    message: `${program}: ${reasons[code ?? ''] ?? code ?? 'cannot be run'}`,
  };
}
