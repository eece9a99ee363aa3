import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasLauncher, LAUNCHER, start } from '../support/daemon.ts';
import { findClaude, makeClientHome, type Session } from './support/claude.ts';

const CLAUDE = hasLauncher ? findClaude() : 'no launcher was built, there being no C compiler';
const WHY = typeof CLAUDE === 'string' ? ` (skipped: ${CLAUDE})` : '';
if (WHY !== '') process.stderr.write(`every hook of the real Claude Code is not tested${WHY}\n`);

/** Puts the settings in $1 under /etc/claude-code, for the program and its children alone. */
const WITH_POLICY = `cp -a /etc "$1/etc" 2>/dev/null; mkdir -p "$1/etc/claude-code" &&
cp "$1/managed-settings.json" "$1/etc/claude-code/" && mount --bind "$1/etc" /etc && shift && exec "$@"`;

/** A server of one tool, which says what it got and how it was started. */
const SERVER = `import json, os, sys
for line in sys.stdin:
    m = json.loads(line)
    k = m.get('method')
    if 'id' not in m: continue
    r = {}
    if k == 'initialize': r = {'protocolVersion': m['params']['protocolVersion'], 'capabilities': {'tools': {}}, 'serverInfo': {'name': 't', 'version': '1'}}
    if k == 'tools/list': r = {'tools': [{'name': 'say', 'description': 'says', 'inputSchema': {'type': 'object', 'properties': {'text': {'type': 'string'}}}}]}
    if k == 'tools/call': r = {'content': [{'type': 'text', 'text': 'said %s, %s, parent %s' % (m['params']['arguments'].get('text'), sys.argv[1:], os.path.basename(os.readlink('/proc/%d/exe' % os.getppid())))}]}
    print(json.dumps({'jsonrpc': '2.0', 'id': m['id'], 'result': r}), flush=True)
`;

const bash = (command: string, more = {}) => [{ name: 'Bash', input: { command, ...more } }];

const TURNS = [
  bash('echo "it\'s" $((1 + 1)) "$(basename "$0")"; echo err >&2; exit 3'),
  bash('rm -rf build'),
  bash('sleep 0.2; echo late', { run_in_background: true }),
  [{ name: 'mcp__m__say', input: { text: 'hello' } }],
  [{ name: 'Skill', input: { skill: 'deploy' } }],
  bash('cd / && pwd'),
];

const handler = (command: string, more = {}) => ({ type: 'command', command, ...more });
const on = (matcher: string, ...hooks: object[]) => [{ matcher, hooks }];
const PLUGIN = '$' + '{CLAUDE_PLUGIN_ROOT}';

interface Row {
  readonly hook_name: string;
  readonly event_type: string;
  readonly status: string;
  readonly decision: string;
  readonly command: string;
}

function aPlace() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'hookbus-all-hooks-')));
  const path = (...names: string[]): string => join(root, ...names);
  const write = (name: string, content: unknown): string => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), typeof content === 'string' ? content : JSON.stringify(content));
    return path(name);
  };
  const script = (name: string, text: string): void =>
    chmodSync(write(name, `#!/bin/sh\n${text}\n`), 0o755);
  const [home, project, state] = [path('home'), path('project'), path('state')];
  for (const directory of [project, path('tmp')]) mkdirSync(directory);
  makeClientHome(home, project);
  const settings = write(
    'home/.claude/settings.json',
    `${JSON.stringify({ env: { KEPT: '1' }, hooks: { PreToolUse: on('Bash', handler('cat >/dev/null; true')) } }, null, 2)}\n`,
  );
  write('plug/.claude-plugin/plugin.json', { name: 'plug', version: '1.0.0' });
  write('plug/hooks/hooks.json', {
    hooks: {
      SessionStart: on('', handler(`${PLUGIN}/hooks/hello.sh`)),
      PreToolUse: on(
        'Bash',
        handler(`"${PLUGIN}/hooks/guard.sh" --strict`),
        handler(`${PLUGIN}/hooks/later.sh`, { async: true }),
      ),
    },
  });
  script('plug/hooks/hello.sh', 'cat >/dev/null; echo "Hello from the plugin."');
  script('plug/hooks/guard.sh', 'case $(cat) in *"rm -rf"*) echo "No rm here." >&2; exit 2;; esac');
  script('plug/hooks/later.sh', `cat >> ${root}/later`);
  write(
    'home/.claude/skills/deploy/SKILL.md',
    '---\nname: deploy\ndescription: deploys\nhooks:\n  PreToolUse:\n    - hooks:\n        - type: command\n          command: "true ./skill.sh; cat >/dev/null"\n---\nDo it.\n',
  );
  write('managed-settings.json', {
    hooks: { PostToolUse: on('Bash', handler(`cat >> ${root}/managed; true managed.sh`)) },
  });
  const server = write('server.py', SERVER);
  const servers = write('mcp.json', {
    mcpServers: { m: { command: 'python3', args: [server, 'a b', "it's"] } },
  });
  const env = {
    PATH: process.env['PATH'] ?? '',
    SHELL: '/bin/bash',
    TMPDIR: path('tmp'),
    CLAUDE_CODE_TMPDIR: path('tmp'),
    HOOKBUS_HOME: state,
    HOOKBUS_DAEMON: 'off',
  };
  return {
    root,
    settings,
    hookbus: (...words: string[]) =>
      start([LAUNCHER, ...words], { ...env, HOME: home }, '', project).ended,
    async session(): Promise<Session> {
      if (typeof CLAUDE === 'string') throw new Error(CLAUDE);
      const tools = 'Bash,Skill,mcp__m__say';
      const words = ['-p', 'go', '--output-format', 'json', '--allowedTools', tools];
      const given = write('script.json', {
        client: CLAUDE.client,
        args: [...words, '--mcp-config', servers, '--plugin-dir', path('plug')],
        cwd: project,
        env: {
          ...env,
          HOME: home,
          ANTHROPIC_API_KEY: 'none',
          ANTHROPIC_BASE_URL: 'http://127.0.0.1:PORT',
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        },
        turns: TURNS,
      });
      const [command = '', ...isolation] = CLAUDE.isolation;
      const stub = join(import.meta.dirname, 'support', 'messages-api.js');
      const policy = ['unshare', '-m', 'sh', '-c', WITH_POLICY, 'sh', root];
      const child = spawn(command, [...isolation, ...policy, execPath, stub, given], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const chunks: Buffer[] = [];
      for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
      return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Session;
    },
    managedRuns: () => readFileSync(path('managed'), 'utf8').split('\n').length - 1,
    rows(): Row[] {
      const db = new Sqlite(join(state, 'hook_bus.db'), { readonly: true });
      try {
        return db.prepare('SELECT * FROM hook_logs ORDER BY created_at').all() as Row[];
      } finally {
        db.close();
      }
    },
    leave: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** What the model got back from its tools, without what differs from session to session. */
const results = ({ requests }: Session): string[] =>
  (requests.at(-1)?.messages ?? []).flatMap(({ content }) =>
    typeof content === 'string'
      ? []
      : content
          .filter(({ type }) => type === 'tool_result')
          .map(({ tool_use_id, content: text, is_error }) =>
            JSON.stringify([tool_use_id, text, is_error === true])
              .replace(/with ID: \w+/, 'with ID')
              .replace(/written to: [^ "]+/, 'written to'),
          ),
  );

const contexts = ({ requests }: Session): boolean =>
  JSON.stringify(requests.at(0)?.messages).includes('Hello from the plugin.');

describe.skipIf(typeof CLAUDE === 'string')(`every hook of the real client${WHY}`, () => {
  let place: ReturnType<typeof aPlace>;
  let before: string;
  let bare: Session;
  let all: Session;
  let rows: Row[];
  /** How often the administrator's hook says that it ran. */
  let managed: number;

  beforeAll(async () => {
    place = aPlace();
    before = readFileSync(place.settings, 'utf8');
    bare = await place.session();
    const installed = await place.hookbus('install', '--all-hooks', '--enable', '--yes');
    expect(installed.stdout).toContain('CLAUDE_CODE_SHELL_PREFIX');
    const earlier = place.managedRuns();
    all = await place.session();
    managed = place.managedRuns() - earlier;
    await place.hookbus('status');
    rows = place.rows();
  }, 400_000);

  afterAll(() => place?.leave());

  it('goes as before: tool calls, refusals, a call in the background, a server, a skill', () => {
    expect(results(bare)).toHaveLength(TURNS.length);
    expect(results(all)).toEqual(results(bare));
    expect(results(bare).join('\n')).toMatch(/No rm here[\s\S]*said hello/);
    expect([contexts(bare), contexts(all)]).toEqual([true, true]);
    expect([all.code, bare.code]).toEqual([0, 0]);
  });

  it('has the hooks of a plugin, a skill and the administrator on record, each run once', () => {
    const count = (name: string, event: string): number =>
      rows.filter((row) => row.hook_name === name && row.event_type === event).length;
    const calls = TURNS.flat().filter(({ name }) => name === 'Bash').length;
    expect({
      hello: count('plug-hello', 'SessionStart'),
      guard: count('plug-guard', 'PreToolUse'),
      later: count('plug-later', 'PreToolUse'),
      // The skill runs before the last call alone.
      skill: count('deploy-skill', 'PreToolUse'),
      managed: count('managed', 'PostToolUse'),
    }).toEqual({ hello: 1, guard: calls, later: calls, skill: 1, managed });
    expect(managed).toBeGreaterThan(0);
    expect(
      rows.filter(({ decision }) => decision === 'deny').map(({ hook_name }) => hook_name),
    ).toEqual(['plug-guard']);
    const own = rows.filter(({ command }) => command.includes('cat >/dev/null; true'));
    expect(own.filter(({ hook_name }) => hook_name !== 'deploy-skill')).toHaveLength(calls);
  });

  it('has no record of tool calls and servers', () => {
    const others = rows.filter(({ command }) => /server\.py|snapshot|eval /.test(command));
    expect(others).toEqual([]);
    expect(rows.every(({ event_type }) => event_type !== '')).toBe(true);
  });

  it('is fine, by doctor', async () => {
    const doctor = await place.hookbus('doctor', '--json');
    const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; findings: [] }[] };
    expect(checks.find(({ name }) => name === 'all hooks')?.findings).toEqual([]);
  });

  it('loses no refusal, no call and no server if HookBus is gone', async () => {
    const link = join(dirname(place.settings), 'hookbus', 'launcher');
    renameSync(link, `${link}.away`);
    const gone = await place.session();
    renameSync(`${link}.away`, link);
    expect(results(gone)).toEqual(results(bare));
    await place.hookbus('status');
    // Its own hook has a prefix of its own.
    const more = place.rows().slice(rows.length);
    expect(more.filter(({ hook_name }) => hook_name.startsWith('plug-'))).toEqual([]);
  });

  it('is undone to the byte, and what is left runs commands as before', async () => {
    const { stdout } = await place.hookbus('uninstall');
    expect(readFileSync(place.settings, 'utf8')).toBe(before);
    expect(stdout).toContain('rm -r');
    expect(readdirSync(join(dirname(place.settings), 'hookbus'))).toEqual(['hookbus-shell']);
  });
});
