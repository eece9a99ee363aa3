import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Sqlite from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import type { StatePaths } from '../../src/config/home/paths.ts';
import { recordsIn } from '../support/spooled.ts';
import { freshState } from '../support/state.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** What `make build` makes, as users get it. */
export const LIBRARY = pathToFileURL(join(ROOT, 'dist', 'index.js')).href;

const IMPORT = `
import { guard, guardedExecution, startGuardedExecution, generateDedupeKey, isEnabled } from '${LIBRARY}';
const say = (value) => console.log(JSON.stringify(value));
const payload = ${readFileSync(join(ROOT, 'fixtures/payloads/PreToolUse.Bash.json'), 'utf8')};
`;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** One value per line, as printed by the script. */
  readonly said: readonly unknown[];
}

/** A state directory, hooks that record in it, and what they left. */
export function aHookState(env: Readonly<Record<string, string>> = {}) {
  const { home, paths } = freshState();
  const environment = {
    PATH: process.env['PATH'],
    HOOKBUS_ENABLED: '1',
    HOOKBUS_DAEMON: 'off',
    HOOKBUS_HOME: home,
    ...env,
  };
  return {
    home,
    paths,
    env: environment,
    /** Runs a script in its own process, with the library's names, `say` and a `payload` defined. */
    run: (
      script: string,
      more: Readonly<Record<string, string>> = {},
      words: readonly string[] = [],
    ) =>
      runNode(
        [
          '--input-type=module',
          '-e',
          IMPORT + script,
          ...(words.length > 0 ? ['--'] : []),
          ...words,
        ],
        {
          ...environment,
          ...more,
        },
      ),
    rows: (sql = 'SELECT * FROM hook_logs ORDER BY id') => rowsOf(paths, sql),
    spooled: (): string[] => recordsIn(paths.spool).map(({ name }) => name),
  };
}

export function runNode(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  input = '',
): Promise<Ended> {
  const child = spawn(process.execPath, words, { env, stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.once('close', (code, signal) =>
      resolve({ code, signal, stderr, said: stdout.split('\n').flatMap(readLine) }),
    );
  });
}

function readLine(line: string): unknown[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line)];
  } catch {
    return [line];
  }
}

type Row = Readonly<Record<string, string | number | Buffer | null>>;

function rowsOf(paths: StatePaths, sql: string): Row[] {
  const db = new Sqlite(paths.database, { readonly: true, timeout: 5000 });
  try {
    return db.prepare(sql).all() as Row[];
  } finally {
    db.close();
  }
}
