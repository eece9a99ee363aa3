import { kill } from 'node:process';
import { redactTail, redactText } from '../../redaction/redaction.ts';

/** A command has so long, in ms. */
const COMMAND_MS = 10_000;

/** What it left behind may hold its stderr open; of that, no more is heard so long, in ms, after its end. */
const LINGER_MS = 200;

/** Most of its stderr that the log repeats, in characters, and that is looked through for secrets: none is to be cut. */
const MAX_SAID = 300;
const MAX_HEARD = 64 * 1024;

/**
 * Runs a program with this on its stdin and waits for its end. When its time is over, or `signal` says so, it is ended
 * with everything in its process group.
 * @throws where it cannot start, fails, or takes too long
 */
export async function runProgram(
  words: readonly [program: string, ...parameters: string[]],
  input: string,
  signal: AbortSignal,
  limitMs = COMMAND_MS,
): Promise<void> {
  // Most daemons never need it.
  const { execa } = await import('execa');
  if (signal.aborted) throw new Error('the daemon ends');
  const [program, ...parameters] = words;
  const child = execa(program, parameters, {
    input,
    // What it runs is no hook, whatever it is.
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
    // What left the group goes on, and is not waited for.
    child.stderr.destroy();
  };
  child.once('exit', () => setTimeout(() => child.stderr.destroy(), LINGER_MS));
  const timer = setTimeout(end, limitMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    const result = await child;
    if (isOver) throw new Error(`expected it to end within ${limitMs} ms`);
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
    // It is gone already.
  }
}
