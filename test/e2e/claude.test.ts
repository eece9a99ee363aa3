import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { socketPath } from '../../src/config/home/paths.ts';
import { stopDaemon } from '../../src/daemon/client/client.ts';
import { hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import { processesOf } from '../support/daemons-left.ts';
import { converse, findClaude, makeClientHome, type Session } from './support/claude.ts';

const CLAUDE = hasLauncher ? findClaude() : 'no launcher was built, there being no C compiler';
const WHY = typeof CLAUDE === 'string' ? ` (skipped: ${CLAUDE})` : '';
// vitest prints the titles of skipped tests only on request.
if (WHY !== '') process.stderr.write(`the real Claude Code is not tested${WHY}\n`);

/** Without WorktreeCreate, because a hook on it must print a path. */
const EVENTS =
  `SessionStart Setup InstructionsLoaded UserPromptSubmit UserPromptExpansion MessageDisplay PreToolUse
  PermissionRequest PermissionDenied PostToolUse PostToolUseFailure PostToolBatch Notification SubagentStart SubagentStop
  TaskCreated TaskCompleted Stop StopFailure TeammateIdle ConfigChange CwdChanged DirectoryAdded FileChanged WorktreeRemove
  PreCompact PostCompact PreModelSwitch PostModelSwitch Elicitation ElicitationResult SessionEnd`
    .trim()
    .split(/\s+/);

const hook = (name: string): string =>
  join(import.meta.dirname, '..', '..', 'fixtures', 'hooks', name);

const handler = (command: string, more = {}) => ({ type: 'command', command, ...more });
const group = (matcher: string, ...hooks: object[]) => ({ matcher, hooks });

const TWICE = `${hook('log_digest.sh')} twice`;

/** What a user might have: each way in which a hook can control the client, and a log of all events. */
const USER_SETTINGS: { hooks: Record<string, object[]> } = {
  hooks: Object.fromEntries(
    EVENTS.map((event) => [event, [{ hooks: [handler(`${hook('log_digest.sh')} every`)] }]]),
  ),
};
const also = (event: string, ...groups: object[]): void => {
  USER_SETTINGS.hooks[event]?.push(...groups);
};
also('SessionStart', { hooks: [handler(hook('session_context.sh'))] });
also(
  'PreToolUse',
  group(
    'Bash',
    handler(`python3 ${hook('guard_rm.py')}`),
    handler(hook('deny_json.cjs')),
    handler(hook('rewrite_command.cjs')),
    handler(hook('hang.sh'), { timeout: 2 }),
    handler(TWICE),
  ),
  // The same hook again, in another group.
  group('Bash|Write', handler(TWICE)),
  group(
    'Write',
    handler(`${hook('slow_check.sh')} types`),
    handler(`${hook('slow_check.sh')} lint`),
    handler(`${hook('slow_check.sh')} format | cat`),
  ),
);
also('PostToolUse', group('Bash', handler(hook('add_context.cjs'))));
also('Stop', { hooks: [handler(`python3 ${hook('stop_once.py')}`)] });

const PLACEHOLDER = `\${CLAUDE_PROJECT_DIR}`;

/** The same hook again, in a file that the team shares. */
const PROJECT_SETTINGS = {
  hooks: {
    PreToolUse: [
      group(
        'Bash',
        handler(TWICE),
        // The client replaces placeholders in the arguments of a program; no shell does.
        handler(hook('log_digest.sh'), { args: [PLACEHOLDER] }),
      ),
    ],
  },
};

const BIG_BYTES = 1_500_000;
const bash = (command: string) => [{ name: 'Bash', input: { command } }];

function turnsIn(project: string) {
  const big = {
    file_path: join(project, 'big.txt'),
    content: `${'x'.repeat(BIG_BYTES - 9)}"\\\n🪝`,
  };
  return [
    bash('rm -rf build'),
    bash('npm test'),
    bash('grep needle haystack'),
    bash('git commit --help | head -0'),
    bash('hang'),
    bash('hang for good'),
    [{ name: 'Write', input: big }],
    bash('false'),
    [
      {
        name: 'Agent',
        input: {
          description: 'say hi',
          prompt: 'SUBTASK: say hi',
          subagent_type: 'general-purpose',
        },
      },
    ],
    [...bash('echo first'), ...bash('echo second')],
  ];
}

/** The turns above, by what they show. */
const TURN = {
  exit2: 0,
  deny: 1,
  rewrite: 2,
  context: 3,
  hang: 4,
  hangForGood: 5,
  big: 6,
  fail: 7,
};

/** A line that the hooks themselves logged. */
interface Call {
  readonly who: string;
  readonly event: string;
  readonly toolUse: string;
  readonly bytes: number;
  readonly digest: string;
}

interface Row {
  readonly hook_name: string;
  readonly event_type: string;
  readonly tool_use_id: string | null;
  readonly session_id: string;
  readonly correlation_id: string;
  readonly status: string;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly error: string | null;
  readonly duration_ms: number;
  readonly stdin_bytes: number;
  readonly created_at: string;
  readonly stdin: Buffer | null;
}

/** A home and a project with these settings, in which the client works with bare or wrapped hooks. */
function aPlace() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'hookbus-claude-')));
  const [home, project, bin] = ['home', 'project', 'bin'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  const state = join(root, 'state');
  const over = new AbortController();
  const log = join(root, 'digests');
  const temporary = join(root, 'tmp');
  for (const directory of [project, bin, temporary, join(project, '.claude')])
    mkdirSync(directory, { recursive: true });
  makeClientHome(home, project);
  const files = {
    user: join(home, '.claude', 'settings.json'),
    project: join(project, '.claude', 'settings.json'),
  };
  const texts = {
    user: `${JSON.stringify(USER_SETTINGS, null, 2)}\n`,
    project: JSON.stringify(PROJECT_SETTINGS),
  };
  writeFileSync(files.user, texts.user);
  writeFileSync(files.project, texts.project);
  writeFileSync(join(project, 'CLAUDE.md'), 'Be brief.\n');
  symlinkSync(LAUNCHER, join(bin, 'hookbus'));
  const env = {
    PATH: `${bin}:${process.env['PATH']}`,
    // Otherwise the client leaves directories in /tmp.
    TMPDIR: temporary,
    CLAUDE_CODE_TMPDIR: temporary,
    DIGEST_LOG: log,
    HOOKBUS_HOME: state,
    HOOKBUS_STORE_RAW: '1',
    HOOKBUS_REDACT: '0',
    HOOKBUS_MAX_BYTES: '4000000',
  };

  return {
    root,
    state,
    files,
    texts,
    /** Runs one session. @returns what the hooks logged */
    async session() {
      rmSync(log, { force: true });
      rmSync(join(project, 'big.txt'), { force: true });
      if (typeof CLAUDE === 'string') throw new Error(CLAUDE);
      const session = await converse(
        CLAUDE,
        { home, project, env },
        'go',
        turnsIn(project),
        over.signal,
      );
      const lines = readFileSync(log, 'utf8').trim().split('\n');
      const calls = lines.map((line): Call => {
        const [who = '', event = '', toolUse = '', bytes, digest = ''] = line.split(' ');
        return { who, event, toolUse, bytes: Number(bytes), digest };
      });
      const debug = readFileSync(join(home, 'debug.log'), 'utf8');
      rmSync(join(home, 'debug.log'));
      return { ...session, calls, debug };
    },
    hookbus: (...words: string[]) =>
      start([LAUNCHER, ...words], { ...env, HOME: home, PWD: project }, '', project).ended,
    rows(): Row[] {
      if (!existsSync(join(state, 'hook_bus.db'))) return [];
      const db = new Sqlite(join(state, 'hook_bus.db'), { readonly: true, timeout: 2000 });
      const sql = `SELECT l.*, p.body AS stdin FROM hook_logs l
        LEFT JOIN hook_payloads p ON p.log_id = l.id AND p.stream = 'stdin' ORDER BY l.created_at`;
      try {
        return db.prepare(sql).all() as Row[];
      } finally {
        db.close();
      }
    },
    async leave() {
      over.abort();
      await until('the daemon to leave', async () => {
        await stopDaemon(socketPath(state));
        return processesOf(state).length === 0;
      });
      rmSync(root, { recursive: true, force: true });
    },
  };
}

type Place = ReturnType<typeof aPlace>;
type Done = Awaited<ReturnType<Place['session']>>;

/** What the client's debug log says about a hook: how it ended, and after how many ms. */
const verdictsOn = (done: Done, name: string): { how: string; ms: number }[] =>
  [...done.debug.matchAll(/Hooks: [^[\n]*\[([^\n]*)\] ([a-z ]+\d+)(?:ms)? \((\d+)ms\)/g)]
    .filter(([, command = '']) => command.includes(name))
    .map(([, , how = '', ms]) => ({ how, ms: Number(ms) }));

const isHung = ({ how }: { how: string }): boolean => how.startsWith('timed out');

describe.skipIf(typeof CLAUDE === 'string')(`the real client${WHY}`, () => {
  let place: Place;
  let bare: Done;
  let wrapped: Done;
  let rows: Row[];
  /** The wrapped line of each command. */
  let made: [becomes: string, command: string][];

  /** What the model received between one answer and the next, with each hook under its bare command. */
  const receivedAfter = (session: Session, turn: number): string[] => {
    const messages = session.requests.at(-1)?.messages ?? [];
    const answers = messages.flatMap(({ role }, at) => (role === 'assistant' ? [at] : []));
    const from = turn < 0 ? 0 : (answers[turn] ?? messages.length) + 1;
    return messages
      .slice(from, answers[turn + 1])
      .flatMap(({ content }) =>
        typeof content === 'string' ? [{ type: 'text', text: content }] : content,
      )
      .map((block) =>
        made.reduce(
          (text, [becomes, command]) => text.replaceAll(inJson(becomes), inJson(command)),
          JSON.stringify(block),
        ),
      )
      .sort();
  };

  const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

  /** The same for the bare and the wrapped session, as one text. @throws if they differ */
  const receivedByBoth = (turn: number): string => {
    expect(receivedAfter(wrapped, turn)).toEqual(receivedAfter(bare, turn));
    return receivedAfter(wrapped, turn).join('\n');
  };

  beforeAll(async () => {
    place = aPlace();
    bare = await place.session();
    const installed = await place.hookbus(
      ...['install', '--scope', 'user', '--scope', 'project', '--enable', '--json'],
    );
    const { files } = JSON.parse(installed.stdout) as {
      files: { hooks: { command: string; becomes: string }[] }[];
    };
    made = files.flatMap(({ hooks }) =>
      hooks.map(({ becomes, command }) => [becomes, command] as [string, string]),
    );
    wrapped = await place.session();
    await place.hookbus('status');
    rows = place.rows();
  });

  afterAll(() => place?.leave());

  it('comes to the same end', () => {
    for (const { code, signal, stdout } of [bare, wrapped]) {
      expect({ code, signal }).toEqual({ code: 0, signal: null });
      expect(JSON.parse(stdout)).toMatchObject({ subtype: 'success', result: 'done' });
    }
    expect(wrapped.requests.map(({ turn }) => turn)).toEqual(bare.requests.map(({ turn }) => turn));
  });

  it('fires the same hooks on the same events, and each is recorded once, with exactly the bytes it received', () => {
    const fired = (done: Done) => done.calls.map(({ who, event }) => `${who} ${event}`).sort();
    expect(fired(wrapped)).toEqual(fired(bare));
    const events = new Set(wrapped.calls.map(({ event }) => event));
    for (const event of `SessionStart InstructionsLoaded UserPromptSubmit PreToolUse PostToolUse PostToolUseFailure
      PostToolBatch SubagentStart SubagentStop MessageDisplay Stop SessionEnd`.split(/\s+/))
      expect(events).toContain(event);
    const digestOf = (body: Buffer | null) =>
      createHash('sha256')
        .update(body ?? '')
        .digest('hex');
    const logged = rows.filter(({ hook_name }) => hook_name.startsWith('log_digest'));
    const recorded = logged.map((row) => `${row.stdin_bytes} ${digestOf(row.stdin)}`);
    expect(recorded.sort()).toEqual(
      wrapped.calls.map(({ bytes, digest }) => `${bytes} ${digest}`).sort(),
    );
    const noted = wrapped.calls.map(({ event, digest }) => `${event} ${digest}`);
    expect(logged.map((row) => `${row.event_type} ${digestOf(row.stdin)}`).sort()).toEqual(
      noted.sort(),
    );
    expect(new Set(logged.map(({ session_id }) => session_id)).size).toBe(1);
  });

  it('replaces placeholders in the arguments of a program', () => {
    const given = [bare, wrapped].map((done) => {
      const calls = done.calls.filter(({ who }) => who.startsWith('/') || who.startsWith('$'));
      return new Set(calls.map(({ who }) => who));
    });
    expect(given[0]).toEqual(new Set([dirname(dirname(place.files.project))]));
    expect(given[1]).toEqual(given[0]);
  });

  it('gets the reason from a hook that exits with 2', () => {
    const received = receivedByBoth(TURN.exit2);
    expect(received).toContain('Refusing to run: rm -rf build\\nName the files');
    expect(received).toContain('"is_error":true');
    const blocked = rows.filter(({ status }) => status === 'blocked');
    expect(blocked).toMatchObject([
      { hook_name: 'guard_rm', exit_code: 2, tool_use_id: `toolu_${TURN.exit2}_0` },
    ]);
  });

  it('reads a decision from JSON', () => {
    const received = receivedByBoth(TURN.deny);
    expect(received).toContain('This repository uses pnpm');
    expect(received).toContain('"is_error":true');
  });

  it('runs the input that a hook changed', () => {
    expect(receivedByBoth(TURN.rewrite)).toContain('would rg needle haystack');
  });

  it('gives the model the context of hooks', () => {
    expect(receivedByBoth(TURN.context)).toContain('say `git commit -s`. ¡Grüße! 🪝');
    const first = [bare, wrapped].map((done) => receivedAfter(done, -1).join('\n'));
    for (const received of first)
      expect(received).toContain('Branch: none\\nRun the tests before saying that a task is done.');
  });

  it('continues once if a hook on Stop blocks the stop', () => {
    const feedback = 'Stop hook feedback:\\nRun the tests once more before you stop.';
    for (const done of [bare, wrapped])
      expect(JSON.stringify(done.requests.at(-1)?.messages).split(feedback)).toHaveLength(2);
    expect(rows.filter(({ hook_name }) => hook_name === 'stop_once')).toHaveLength(2);
  });

  it('waits as long for a hook that exceeds its timeout, and the hook is recorded', () => {
    const [before, after] = [bare, wrapped].map((done) =>
      verdictsOn(done, 'hang.sh').filter(isHung),
    );
    expect(before).toHaveLength(2);
    expect(after).toHaveLength(2);
    after?.forEach(({ how, ms }, at) => {
      expect(how).toBe(before?.[at]?.how);
      expect(Math.abs(ms - (before?.[at]?.ms ?? 0)), `${ms} ms`).toBeLessThan(400);
    });
    const hung = rows.filter(({ hook_name, status }) => hook_name === 'hang' && status === 'error');
    expect(hung).toMatchObject([
      { signal: 'SIGTERM', tool_use_id: `toolu_${TURN.hang}_0` },
      {
        signal: 'SIGTERM',
        error: expect.stringContaining('cut off'),
        tool_use_id: `toolu_${TURN.hangForGood}_0`,
      },
    ]);
  });

  it('runs identical handlers of several groups and files once', () => {
    const calls = wrapped.calls.filter(
      ({ who, event }) => who === 'twice' && event === 'PreToolUse',
    );
    const ids = calls.map(({ toolUse }) => toolUse).sort();
    // Nine calls of Bash and one of Write, each matched by up to three groups.
    expect(ids).toHaveLength(10);
    expect(new Set(ids).size).toBe(10);
  });

  it('runs hooks of one event in parallel', () => {
    const checks = rows.filter(({ hook_name }) => hook_name.startsWith('slow_check'));
    expect(checks).toHaveLength(3);
    const begun = checks.map(({ created_at }) => Date.parse(created_at));
    const ended = checks.map(({ created_at, duration_ms }) => Date.parse(created_at) + duration_ms);
    // One after the other, they would take as long as all of them together.
    const together = checks.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
    expect(Math.max(...ended) - Math.min(...begun)).toBeLessThan(together);
  });

  it('hands over 1.5 MB', () => {
    // Not found by its tool use: if the payload arrives slowly, the hook does not wait for the ids after the content.
    const isBefore = ({ stdin }: Row): boolean =>
      (JSON.parse(`${stdin}`) as { hook_event_name: string }).hook_event_name === 'PreToolUse';
    const big = rows.filter((row) => row.stdin_bytes > BIG_BYTES && isBefore(row));
    expect(big).toHaveLength(5);
    for (const { stdin, status } of big) {
      expect(status).toBe('success');
      const { tool_input } = JSON.parse(`${stdin}`) as { tool_input: { content: string } };
      expect(tool_input.content).toHaveLength(BIG_BYTES - 4);
    }
    expect(receivedByBoth(TURN.big)).toContain('File created successfully');
  });

  it('correlates the hooks before and after one tool call', () => {
    const kinds = (rowsOfCall: Row[]) => new Set(rowsOfCall.map(({ event_type }) => event_type));
    const calls = [...new Set(rows.flatMap(({ tool_use_id }) => tool_use_id ?? []))]
      .map((id) => rows.filter(({ tool_use_id }) => tool_use_id === id))
      .filter((rowsOfCall) => kinds(rowsOfCall).size > 1)
      // A hook starts before all of a long input is there, and so its id.
      .filter((rowsOfCall) => rowsOfCall.every(({ stdin_bytes }) => stdin_bytes < 100_000));
    expect(calls.map((rowsOfCall) => [...kinds(rowsOfCall)].sort().join(' '))).toContain(
      'PostToolUseFailure PreToolUse',
    );
    // A payload that comes more than 7 ms after the start is too late for the id.
    const isOne = (rowsOfCall: Row[]) =>
      new Set(rowsOfCall.map(({ correlation_id }) => correlation_id)).size === 1;
    const apart = calls.filter((rowsOfCall) => !isOne(rowsOfCall));
    expect(calls.length).toBeGreaterThan(4);
    expect(apart.length).toBeLessThan(calls.length / 2);
  });

  it('has its settings restored to the byte after uninstall', async () => {
    await place.hookbus('uninstall');
    expect(readFileSync(place.files.user, 'utf8')).toBe(place.texts.user);
    expect(readFileSync(place.files.project, 'utf8')).toBe(place.texts.project);
  });
});
