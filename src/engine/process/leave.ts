import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** How a process ended, and so how HookBus ends in its place. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals };

/** Signals whose default action writes a core file. */
const CORE_SIGNALS: ReadonlySet<string> = new Set(
  'SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGSEGV SIGXCPU SIGXFSZ SIGSYS'.split(' '),
);

/** How long a signal to this process itself may take to arrive. */
const DEATH_MS = 500;

/** Ends this process like the hook: with the same exit code or by the same signal. */
export function leave(exit: Exit): void {
  if (exit.kind === 'code') process.exit(exit.code);
  const { signal } = exit;
  // Windows has no signals, and would end this process with exit code 1.
  if (process.platform === 'win32') process.exit(128 + (constants.signals[signal] ?? 0));
  if (CORE_SIGNALS.has(signal)) forbidCoreFile();
  restoreDefault(signal);
  // If the signal does not kill this process, exit like a shell would.
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), DEATH_MS);
  // Where a sandbox refuses getpid, -1 would reach every process of the user.
  if (process.pid > 0) process.kill(process.pid, signal);
}

/** Node ignores or handles some signals; removing the last listener restores the default action. */
function restoreDefault(signal: NodeJS.Signals): void {
  if (signal === 'SIGKILL' || signal === 'SIGSTOP') return;
  const nothing = (): void => undefined;
  try {
    process.on(signal, nothing);
    process.removeAllListeners(signal);
  } catch {
    // If Node cannot listen to a signal, the signal has its default action anyway.
  }
}

/**
 * Only the hook's own core file should exist. The limit is 1 byte and not 0, because that also stops a dump into a pipe
 * (core(5)).
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
    // Without the program or the file there is a second core file, which does no harm.
  }
}

/** The exit code and message of a shell for a program that cannot start. */
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
    EBATCH: 'a batch file cannot get an argument with " or % or a line break as it is',
  };
  return {
    exitCode: 126,
    message: `${program}: ${reasons[code ?? ''] ?? code ?? 'cannot be run'}`,
  };
}
