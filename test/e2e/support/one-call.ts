import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import Sqlite from 'better-sqlite3';
import { hasLauncher, LAUNCHER, start } from '../../support/daemon.ts';
import { findClient, findIsolation } from './claude.ts';

export interface Driven {
  readonly client: string;
  readonly isolation: readonly string[];
}

/** What driving this client needs, or why it is missing. The reason is printed: a skipped test looks like a passed one. */
export function findDriven(name: 'codex' | 'gemini'): Driven | string {
  const found = lookForDriven(name);
  if (typeof found === 'string') process.stderr.write(`the real ${name} is not tested: ${found}\n`);
  return found;
}

function lookForDriven(name: 'codex' | 'gemini'): Driven | string {
  if (!hasLauncher) return 'no launcher was built, there being no C compiler';
  if (process.platform !== 'linux') return 'network namespaces are Linux';
  const isolation = findIsolation();
  if ('problem' in isolation) return isolation.problem;
  const found = findClient(name);
  return 'problem' in found ? found.problem : { client: found.client, isolation: isolation.words };
}

/** How a client is started, and the tools that its model calls. */
export interface ClientStart {
  readonly agent: string;
  /** Relative to the home directory. */
  readonly settings: string;
  readonly command: (client: string) => readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly tools: readonly {
    readonly name: string;
    readonly input: Readonly<Record<string, string>>;
  }[];
}

export interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  /** What the model received for each tool call. */
  readonly received: readonly string[];
}

/** A row of `hook_logs`. */
export interface Row {
  readonly event_type: string;
  readonly exit_code: number | null;
  readonly decision: string;
  readonly changes_input: number;
  readonly context_chars: number;
  /** The payload, if it is stored. */
  readonly stdin: Buffer | null;
}

/** The recorded executions in a state directory, in the order of their start. */
export function rowsIn(state: string): Row[] {
  if (!existsSync(join(state, 'hook_bus.db'))) return [];
  const db = new Sqlite(join(state, 'hook_bus.db'), { readonly: true, timeout: 2000 });
  const sql = `SELECT l.*, p.body AS stdin FROM hook_logs l
    LEFT JOIN hook_payloads p ON p.log_id = l.id AND p.stream = 'stdin' ORDER BY l.created_at, l.id`;
  try {
    return db.prepare(sql).all() as Row[];
  } finally {
    db.close();
  }
}

/** A home with these settings and a project whose path has a space; `hookbus` for them; and a session in it. */
export function aClientHome(driven: Driven | string, how: ClientStart, settings: object) {
  if (typeof driven === 'string') throw new Error(driven);
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'hookbus-client-')));
  const [home, project, state, temporary] = ['home', 'pro j', 'state', 'tmp'].map((name) =>
    join(root, name),
  ) as [string, string, string, string];
  for (const directory of [project, temporary, dirname(join(home, how.settings))])
    mkdirSync(directory, { recursive: true });
  const file = join(home, how.settings);
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`);
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    TMPDIR: temporary,
    HOOKBUS_ENABLED: '1',
    HOOKBUS_HOME: state,
    HOOKBUS_DAEMON: 'off',
    ...how.env,
  };
  const script = join(root, 'script.json');
  const hookbus = (...words: string[]) =>
    start([LAUNCHER, ...words, '--agent', how.agent, '--scope', 'user'], env, '', project).ended;
  return {
    install: () => hookbus('install', '--json'),
    uninstall: () => hookbus('uninstall'),
    settings: () => readFileSync(file, 'utf8'),
    async session(): Promise<Ended> {
      const [client, ...args] = how.command(driven.client);
      writeFileSync(script, JSON.stringify({ client, args, cwd: project, env, tools: how.tools }));
      const [command = '', ...words] = driven.isolation;
      const stub = join(import.meta.dirname, 'model-apis.js');
      const child = spawn(command, [...words, execPath, stub, script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const chunks: Buffer[] = [];
      for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
      return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Ended;
    },
    /** The recorded executions, in the order of their start. */
    async rows(): Promise<Row[]> {
      await start([LAUNCHER, 'status'], env, '', project).ended;
      return rowsIn(state);
    },
    leave: () => rmSync(root, { recursive: true, force: true }),
  };
}
