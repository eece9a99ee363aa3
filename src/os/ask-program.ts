import { spawn } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { reasonOf } from '../domain/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A program on PATH that no project can have placed there; undefined if there is none.
 * @param projects directories whose files anybody may have written
 */
export function findProgram(
  env: Environment,
  name: string,
  projects: readonly string[],
): string | undefined {
  return (env['PATH'] ?? '')
    .split(':')
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, name))
    .find((path) => isProgram(path) && !projects.some((project) => isWithin(path, project)));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Also where only a link on the way leads there. */
function isWithin(path: string, directory: string): boolean {
  const top = realpathSync(directory);
  return [path, realpathSync(path)].some((one) =>
    [directory, top].some((own) => own === sep || one.startsWith(`${own}${sep}`)),
  );
}

export interface Question {
  readonly program: string;
  readonly args: readonly string[];
  readonly input: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly limitMs: number;
  readonly maxBytes: number;
  /** Called with each line of its output; what it returns, if anything, is the answer. */
  readonly read: (line: string) => unknown;
}

/**
 * Asks a program, and ends it and its process group with the answer, or when its time is over: it gets no chance to do
 * anything more. Its stdin stays open until then, because some programs end their session with it.
 */
export async function askProgram(
  question: Question,
): Promise<{ readonly answer: unknown } | { readonly reason: string }> {
  const { program, args, input, env, cwd, limitMs, maxBytes, read } = question;
  const child = spawn(program, args, {
    cwd,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let timer: NodeJS.Timeout | undefined;
  const found = new Promise<{ answer: unknown } | { reason: string }>((done) => {
    timer = setTimeout(() => done({ reason: `gave no answer in ${limitMs / 1000} s` }), limitMs);
    child.on('error', (error) => done({ reason: `cannot be started: ${reasonOf(error)}` }));
    child.on('exit', (code, signal) => {
      const isOver = (): void => done({ reason: `ended with ${signal ?? `exit code ${code}`}` });
      // What it wrote last is still on its way; children that hold its stdout would keep the end of it back.
      endGroup(child);
      if (child.stdout.closed) isOver();
      else child.stdout.once('close', isOver);
    });
    let [size, rest] = [0, ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      size += text.length;
      if (size > maxBytes) return done({ reason: 'answered far too much' });
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const answer = read(line);
        if (answer !== undefined) return done({ answer });
      }
    });
  });
  // It may be gone already.
  child.stdin.on('error', () => {});
  child.stdin.write(input);
  try {
    return await found;
  } finally {
    clearTimeout(timer);
    await end(child);
  }
}

async function end(child: ReturnType<typeof spawn>): Promise<void> {
  endGroup(child);
  const isRunning = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  if (isRunning) await new Promise((done) => child.once('exit', done));
  child.stdin?.destroy();
  child.stdout?.destroy();
}

function endGroup({ pid }: ReturnType<typeof spawn>): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The whole group is gone.
  }
}
