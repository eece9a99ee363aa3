import { kill } from 'node:process';
import { redactTail, redactText } from '../../redaction/redaction.ts';

/** How long a command may run. */
const COMMAND_MS = 10_000;

/** Child processes may hold stderr open; it is read for this long after the command exits. */
const LINGER_MS = 200;

/**
 * MAX_SAID: how many characters of stderr go into the log. MAX_HEARD: how many are searched for secrets, so that none
 * is cut in two.
 */
const MAX_SAID = 300;
const MAX_HEARD = 64 * 1024;

/**
 * Runs a program with `input` on its stdin and waits until it exits. On timeout or abort, kills its process group.
 * @throws if the program cannot start, fails, or exceeds `limitMs`
 */
export async function runProgram(
  words: readonly [program: string, ...parameters: string[]],
  input: string,
  signal: AbortSignal,
  limitMs = COMMAND_MS,
): Promise<void> {
  // Loaded on demand: most daemons never run a command.
  const { execa } = await import('execa');
  if (signal.aborted) throw new Error('the daemon stopped');
  const [program, ...parameters] = words;
  const child = execa(program, parameters, {
    input,
    // A command is never recorded as a hook, even if it is wrapped.
    env: { HOOKBUS_ENABLED: '0' },
    detached: true,
    cleanup: false,
    stdout: 'ignore',
    buffer: false,
    reject: false,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-MAX_HEARD);
  });
  let isOver = false;
  const end = (): void => {
    isOver = true;
    endGroup(child.pid);
    // Processes that left the group keep running, but their output is not awaited.
    child.stderr.destroy();
  };
  child.once('exit', () => setTimeout(() => child.stderr.destroy(), LINGER_MS));
  const timer = setTimeout(end, limitMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    const result = await child;
    if (isOver) throw new Error(`it did not finish within ${limitMs} ms`);
    if (result.failed) {
      const clean = said.length < MAX_HEARD ? redactText(said) : redactTail(said);
      throw new Error(failureOf(result, clean.trim().slice(-MAX_SAID)));
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

interface Ended {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
}

function failureOf({ exitCode, signal, code }: Ended, said: string): string {
  const how =
    exitCode === undefined ? (signal ?? code ?? 'it could not start') : `exit code ${exitCode}`;
  return said === '' ? how : `${how}: ${said}`;
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    kill(-pid, 'SIGKILL');
  } catch {
    // It has already exited.
  }
}
