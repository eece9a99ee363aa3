import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Surroundings } from '../words/command.ts';

/** What this process gives a command. */
export function processSurroundings(): Surroundings {
  const { stdout, stderr } = process;
  // Not process.stdin: once that is open, nobody can wait for what comes through a pipe.
  const isAtTerminal = isatty(0) && stderr.isTTY;
  return {
    env: process.env,
    cwd: () => process.cwd(),
    now: Date.now,
    node: process.execPath,
    script: process.argv[1] ?? '',
    screen: () => (stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : undefined),
    holdScreen,
    onResize(resized) {
      stdout.on('resize', resized);
      return () => void stdout.off('resize', resized);
    },
    ask: isAtTerminal ? ask : undefined,
    readInput: () => readFileSync(0, 'utf8'),
    async write(text) {
      if (!stdout.write(text)) await once(stdout, 'drain');
    },
    remark(text) {
      if (stderr.isTTY) stderr.write(text);
    },
  };
}

async function ask(question: string): Promise<string | undefined> {
  const { createInterface } = await import('node:readline/promises');
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await asking.question(question);
  } catch {
    process.stderr.write('\n');
    return undefined;
  } finally {
    asking.close();
  }
}

/** xterm: another screen, without a cursor and without line breaks of its own; and back. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';

/** Writes to a terminal are synchronous, so a signal can wait for them. */
function holdScreen(last: () => string): () => void {
  const { stdout } = process;
  stdout.write(ENTER);
  const release = (): void => void stdout.write(LEAVE + last());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      release();
      process.kill(process.pid, signal);
    });
  }
  process.on('SIGTSTP', () => {
    release();
    process.kill(process.pid, 'SIGSTOP');
  });
  process.on('SIGCONT', () => stdout.write(ENTER));
  return release;
}
