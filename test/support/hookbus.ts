import { spawnSync } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { answer } from '../../src/cli/main.ts';

const ENTRY = fileURLToPath(new URL('../../bin/hookbus.js', import.meta.url));

type Variables = Readonly<Record<string, string>>;

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** A user at a terminal. */
interface User {
  readonly columns: number;
  readonly rows?: number;
  /** The answers to questions; after the last one, Control-D. */
  readonly answers?: readonly string[];
}

/** The variables of a command; nothing else of this process reaches it. */
const variables = (env: Variables): Variables => ({
  PATH: process.env['PATH'] ?? '',
  TZ: 'UTC',
  ...env,
});

/** Performs a `hookbus` command as in `hookbusProcess`, but in this process, from the sources. @param input its stdin */
export async function hookbus(
  words: readonly string[],
  env: Variables = {},
  cwd: string = process.cwd(),
  user?: User,
  input = '',
): Promise<Ended> {
  const answers = [...(user?.answers ?? [])];
  let [live, asked] = ['', ''];
  const { stdout, stderr, exitCode } = await answer(words, {
    env: variables(env),
    cwd: () => cwd,
    now: Date.now,
    node: execPath,
    script: ENTRY,
    screen: () => user && { columns: user.columns, rows: user.rows ?? 50 },
    ask:
      user &&
      (async (question) => {
        asked += question;
        return answers.shift();
      }),
    holdScreen: () => () => undefined,
    onResize: () => () => undefined,
    readInput: () => input,
    async write(text) {
      live += text;
    },
    remark(text) {
      if (user !== undefined) asked += text;
    },
  });
  return { stdout: live + stdout, stderr: asked + stderr, exitCode };
}

/**
 * Runs a `hookbus` command as a person would, in a separate process with nothing else in its environment.
 * `make build` makes the program.
 */
export function hookbusProcess(words: readonly string[], env: Variables = {}, cwd?: string): Ended {
  const { stdout, stderr, status } = spawnSync(execPath, [ENTRY, ...words], {
    encoding: 'utf8',
    cwd,
    env: variables(env),
    maxBuffer: 256 * 1024 * 1024,
  });
  return { stdout, stderr, exitCode: status };
}

/** The same in a terminal with this many columns; returns the output, including escape sequences. */
export function hookbusInTerminal(
  words: readonly string[],
  columns: number,
  env: Variables = {},
  typed: { readonly cwd?: string; readonly input?: string } = {},
): string {
  const line = [execPath, ENTRY, ...words].map((word) => `'${word}'`).join(' ');
  const { stdout } = spawnSync(
    'script',
    ['-qec', `stty cols ${columns} rows 50; exec ${line}`, '/dev/null'],
    {
      encoding: 'utf8',
      env: { ...variables(env), TERM: env['TERM'] ?? 'xterm' },
      stdio: [typed.input === undefined ? 'ignore' : 'pipe', 'pipe', 'inherit'],
      ...typed,
    },
  );
  return stdout.replaceAll('\r\n', '\n');
}
