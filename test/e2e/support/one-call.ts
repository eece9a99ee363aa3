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
  /** The Node for a client that is a script. */
  readonly node: string;
  readonly isolation: readonly string[];
}

export type DrivenName = 'cline' | 'codex' | 'copilot' | 'gemini' | 'qwen';

/** What driving this client needs, or why it is missing. The reason is printed: a skipped test looks like a passed one. */
export function findDriven(name: DrivenName): Driven | string {
  const found = lookForDriven(name);
  if (typeof found === 'string') process.stderr.write(`the real ${name} is not tested: ${found}\n`);
  return found;
}

function lookForDriven(name: DrivenName): Driven | string {
  if (!hasLauncher) return 'no launcher was built, there being no C compiler';
  if (process.platform !== 'linux') return 'network namespaces are Linux';
  const isolation = findIsolation();
  if ('problem' in isolation) return isolation.problem;
  const found = findClient(name);
  if ('problem' in found) return found.problem;
  const node = name === 'qwen' ? findNode22() : { client: execPath };
  if ('problem' in node) return node.problem;
  return { client: found.client, node: node.client, isolation: isolation.words };
}

/** Qwen Code needs Node 22. */
const findNode22 = (): ReturnType<typeof findClient> =>
  Number.parseInt(process.versions.node, 10) >= 22 ? { client: execPath } : findClient('node22');

/** How a client is started, and the tools that its model calls. */
export interface ClientStart {
  readonly agent: string;
  /** Relative to the home directory. */
  readonly settings: string;
  /** The settings are the project's, at this path in it, and these files in the home directory make the client trust it. */
  readonly shared?: {
    readonly settings: string;
    readonly trust?: (project: string) => Readonly<Record<string, string>>;
  };
  readonly command: (client: string, node: string) => readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly tools: readonly ToolUse[];
}

/** A call of a tool by the model. */
export interface ToolUse {
  readonly name: string;
  readonly input: Readonly<Record<string, string | boolean | readonly string[]>>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the model received for each tool call. */
  readonly received: readonly string[];
  /** How long each took, from the model's call to its next request. */
  readonly tookMs: readonly number[];
  /** All that the model received with the last request. */
  readonly conversation: string;
}

/** A row of `hook_logs`. */
export interface Row {
  readonly hook_name: string;
  readonly event_type: string;
  readonly correlation_id: string;
  readonly status: string;
  readonly duration_ms: number | null;
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

/** Where a home is made. */
export const aClientRoot = (): string =>
  realpathSync(mkdtempSync(join(tmpdir(), 'hookbus-client-')));

/** A home with these settings and a project whose path has a space; `hookbus` for them; and a session in it. */
export function aClientHome(
  driven: Driven | string,
  how: ClientStart,
  settings: object,
  root = aClientRoot(),
) {
  if (typeof driven === 'string') throw new Error(driven);
  const [home, project, state, temporary] = ['home', 'pro j', 'state', 'tmp'].map((name) =>
    join(root, name),
  ) as [string, string, string, string];
  const { shared } = how;
  const file = shared === undefined ? join(home, how.settings) : join(project, shared.settings);
  for (const directory of [project, temporary, dirname(file), dirname(join(home, how.settings))])
    mkdirSync(directory, { recursive: true });
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`);
  for (const [name, text] of Object.entries(shared?.trust?.(project) ?? {}))
    writeFileSync(join(home, name), text);
  const env = {
    PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
    HOME: home,
    TMPDIR: temporary,
    HOOKBUS_ENABLED: '1',
    HOOKBUS_HOME: state,
    HOOKBUS_DAEMON: 'off',
    ...how.env,
  };
  const script = join(root, 'script.json');
  const scope = shared === undefined ? 'user' : 'project';
  const onSettings = (...words: string[]) =>
    start([LAUNCHER, ...words, '--agent', how.agent, '--scope', scope], env, '', project).ended;
  return {
    home,
    project,
    install: () => onSettings('install', '--json'),
    uninstall: () => onSettings('uninstall'),
    hookbus: (...words: string[]) => start([LAUNCHER, ...words], env, '', project).ended,
    settings: () => readFileSync(file, 'utf8'),
    /** @param now the file that gets the number of the call that the client is at */
    async session(now?: string): Promise<Ended> {
      const variables = Object.entries(env).map(([name, value]) => [
        name,
        value.replace('CLIENT', dirname(driven.client)),
      ]);
      const [client, ...args] = how.command(driven.client, driven.node);
      writeFileSync(
        script,
        JSON.stringify({
          client,
          args,
          cwd: project,
          env: Object.fromEntries(variables),
          tools: how.tools,
          now,
        }),
      );
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
