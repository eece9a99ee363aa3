import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONFIG_KEYS } from '../../src/config/file/config-keys.ts';
import { openDatabase } from '../../src/store/database.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState, makeCorruptDatabase, spoolWhole } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** The fields and types in a section of docs/json.md. */
function documented(heading: string): Map<string, string> {
  const page = readFileSync('docs/json.md', 'utf8');
  const section = page.split(`\n## ${heading}\n`)[1]?.split(/^## /m)[0] ?? '';
  const rows = [...section.matchAll(/^\| (`[^|]+`) \| ([^|]+) \|/gm)];
  return new Map(
    rows.flatMap(([, names = '', type = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, type.trim()] as const),
    ),
  );
}

/** The paths of all fields of a value, written as on the page. */
function pathsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, `${path}[]`));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const below = path === '' ? name : `${path}.${name}`;
    return [below, ...pathsOf(field, below)];
  });
}

const unique = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();

/** The output of a command on a state directory with some data of every kind. */
async function ask(words: readonly string[]): Promise<unknown> {
  const { home, paths } = freshState();
  if (words[0] === 'status') {
    makeCorruptDatabase(paths);
    await hookbus(['logs'], { HOOKBUS_HOME: home });
  }
  const body = Buffer.from('{"tool_name":"Bash"}');
  const payload = { encoding: 'identity', truncated: false, body } as const;
  const createdAt = new Date(Date.now() - 60_000).toISOString();
  writeExecutions(paths.database, [
    recordedOf(
      anExecution({ createdAt, cwd: home, sessionId: '7d3f0c52' }),
      (['stdin', 'stdout', 'stderr'] as const).map((stream) => ({ stream, ...payload })),
      ['unknown option --nmae'],
    ),
  ]);
  if (words[0] === 'status') {
    // Without a daemon, so that the exporter waits for one.
    writeFileSync(paths.config, '{"statsd": {"enabled": true}}');
    await hookbus(['off', 'noisy', '--command', 'x', '--yes'], { HOOKBUS_HOME: home });
    const lint = { hookName: 'lint', eventType: 'PostToolUse', createdAt };
    const failed = () => recordedOf(anExecution({ ...lint, status: 'error' }));
    writeExecutions(paths.database, Array.from({ length: 20 }, failed));
    const skipped = anExecution({ hookName: 'noisy', createdAt, status: 'breaker_skip' });
    writeExecutions(paths.database, [recordedOf(skipped)]);
  }
  spoolWhole(paths, { createdAtMs: Date.now() - 1000 });
  if (words[0] === 'show') await hookbus(['replay', '1', '--', 'false'], { HOOKBUS_HOME: home });
  // The words after -- belong to another command.
  const [given, behind] = words.includes('--')
    ? [words.slice(0, -2), words.slice(-2)]
    : [words, []];
  const { stdout, stderr, exitCode } = await hookbus([...given, '--json', ...behind], {
    HOOKBUS_HOME: home,
  });
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(stdout.endsWith('\n')).toBe(true);
  return JSON.parse(stdout);
}

describe('the fields of', () => {
  it('logs are documented, in an array', async () => {
    const rows = await ask(['logs']);
    expect(rows).toHaveLength(2);
    expect(unique(pathsOf(rows))).toEqual(
      unique([...documented('logs').keys()].map((name) => `[].${name}`)),
    );
  });

  it('show are documented, with those of logs', async () => {
    const paths = pathsOf(await ask(['show', '1'])).map((path) =>
      path.replace(/^payloads\.(?:stdout|stderr)(?=\.)/, 'payloads.stdin'),
    );
    expect(unique(paths.filter((path) => !/^payloads\.std[a-z]+$/.test(path)))).toEqual(
      unique([...documented('logs').keys(), ...documented('show').keys()]),
    );
  });

  it('sessions are documented', async () => {
    expect(unique(pathsOf(await ask(['sessions'])))).toEqual(unique(documented('sessions').keys()));
  });

  it('trace are documented, with those of logs', async () => {
    const logs = [...documented('logs').keys()].map((name) => `executions[].${name}`);
    expect(unique(pathsOf(await ask(['trace', '1'])))).toEqual(
      unique([...documented('trace').keys(), ...logs]),
    );
  });

  it('test are documented, of cases that pass, fail and cannot be read', async () => {
    const directory = temporaryDirectory();
    const file = (name: string) => join(directory, '.hookbus', 'cases', name);
    mkdirSync(dirname(file('x')), { recursive: true });
    const one = { event: 'SessionStart', expect: 'deny' };
    writeFileSync(file('a.json'), JSON.stringify(one));
    writeFileSync(file('b.json'), '{');
    const settings = 'fixtures/hooks/settings.json';
    const words = ['test', file('.'), '--settings', settings, '--json'];
    const { stdout, exitCode } = await hookbus(words);
    expect(exitCode).toBe(1);
    expect(unique(pathsOf(JSON.parse(stdout)))).toEqual(unique(documented('test').keys()));
  });

  it('explain are documented', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, '.claude'));
    const hooks = { Stop: [{ hooks: [{ type: 'command', command: 'true' }] }], PreToolUse: {} };
    writeFileSync(join(directory, '.claude', 'settings.json'), JSON.stringify({ hooks }));
    const { stdout } = await hookbus(['explain', 'Stop', '--json'], {}, directory);
    expect(unique(pathsOf(JSON.parse(stdout)))).toEqual(unique(documented('explain').keys()));
  });

  it('replay are documented', async () => {
    const paths = pathsOf(await ask(['replay', '1', '--', 'true']));
    // test/e2e/replay.test.ts covers refused executions.
    const expected = [...documented('replay').keys()].filter((path) => !/^refused\[/.test(path));
    const isResult = (path: string): boolean => /\.(?:recorded|replayed)\./.test(path);
    expect(unique(paths.filter((path) => !isResult(path)))).toEqual(unique(expected));
    expect(paths.filter(isResult)).toHaveLength(20);
  });

  it('drill are documented', async () => {
    const { home, paths } = freshState();
    const body = Buffer.from('{}');
    const refused = anExecution({ decision: 'deny', cwd: home, command: 'exit 2', stdinBytes: 2 });
    const stdin = { stream: 'stdin', encoding: 'identity', truncated: false, body } as const;
    writeExecutions(paths.database, [recordedOf(refused, [stdin])]);
    mkdirSync(home, { recursive: true });
    const { stdout, exitCode } = await hookbus(['drill', '--json'], { HOOKBUS_HOME: home });
    expect(exitCode).toBe(0);
    expect(unique(pathsOf(JSON.parse(stdout)))).toEqual(unique(documented('drill').keys()));
  });

  it('metrics are documented, including the graded ones', async () => {
    const fields = [...documented('metrics').entries()];
    const gradedFields = ['value', 'target', 'alert', 'grade'];
    const graded = [
      'failure_rate',
      'overhead.grades.p50',
      'overhead.grades.p95',
      'overhead.grades.p99',
    ];
    const asked = ['by', 'groups', 'before'];
    expect(Object.keys((await ask(['metrics', '--by', 'tool', '--compare'])) as object)).toEqual(
      expect.arrayContaining(asked),
    );
    const named = fields.map(([name]) => name).filter((name) => !asked.includes(name));
    expect(unique(pathsOf(await ask(['metrics'])))).toEqual(
      unique([
        ...named.filter((name) => !gradedFields.includes(name)),
        ...graded,
        ...graded.flatMap((path) => gradedFields.map((field) => `${path}.${field}`)),
      ]),
    );
  });

  it('status are documented', async () => {
    // Other sections describe these two.
    const paths = pathsOf(await ask(['status'])).filter(
      (path) => !/^(?:last_24_hours|alerts)\./.test(path),
    );
    // No daemon runs here; test/e2e/two-machines.test.ts covers key servers.
    const expected = [...documented('status').keys()].filter(
      (path) =>
        !/^(?:(?:shared_keys|key_server_problems|switched_off_elsewhere|recording)\[\]|daemon_process\.)/.test(
          path,
        ),
    );
    expect(unique(paths)).toEqual(unique(expected));
  });

  it('off, on and config are documented, and docs/settings.md has the keys of config', async () => {
    const off = ['off', 'lint', '--yes', '--command', 'x'];
    const isKey = (path: string) => path.startsWith('config.');
    for (const words of [off, ['on', 'lint'], ['config']]) {
      const paths = pathsOf(await ask(words));
      expect(unique(paths.filter((path) => !isKey(path)))).toEqual(
        unique(documented(words[0] ?? '').keys()),
      );
      if (words[0] !== 'config') continue;
      const sections = CONFIG_KEYS.flatMap((key) => [key, key.replace(/\..*/, '')]);
      expect(unique(paths.filter(isKey))).toEqual(unique(sections.map((key) => `config.${key}`)));
    }
  });

  it('export are documented, except the names of labels', async () => {
    const paths = pathsOf(await ask(['export', 'prometheus'])).filter(
      (path) => !/labels\./.test(path),
    );
    expect(unique(paths)).toEqual(unique(documented('export').keys()));
  });

  it('alerts are documented, and history has the same as open', async () => {
    const { home, paths } = freshState();
    writeExecutions(paths.database, [recordedOf(anExecution())]);
    const db = openDatabase(paths.database, 1000);
    db.exec(`INSERT INTO alerts (alert_id, rule, subject, state, opened_at, value)
      VALUES ('a', 'failure_rate', 'lint', 'open', '2026-11-22T10:00:00.000Z', 0.6)`);
    db.close();
    const { stdout } = await hookbus(['alerts', '--history', '--json'], { HOOKBUS_HOME: home });
    const found = unique(pathsOf(JSON.parse(stdout)));
    const fields = [...documented('alerts').keys()];
    const ofHistory = fields
      .filter((name) => name.startsWith('open[].'))
      .map((name) => name.replace('open', 'history'));
    expect(found).toEqual(unique([...fields, ...ofHistory]));
  });

  it('report are documented', async () => {
    const { home, paths } = freshState();
    const createdAt = new Date(Date.now() - 60_000).toISOString();
    const one = { createdAt, sessionId: 's', toolUseId: 't', contextChars: 9 };
    writeExecutions(paths.database, [recordedOf(anExecution(one))]);
    const { stdout } = await hookbus(['report', '--json'], { HOOKBUS_HOME: home });
    expect(unique(pathsOf(JSON.parse(stdout)))).toEqual(unique(documented('report').keys()));
  });

  it('hooks are documented', async () => {
    const project = temporaryDirectory();
    mkdirSync(join(project, '.claude'));
    const hooks = { Stop: [{ hooks: [{ type: 'command', command: 'hookbus run -- x' }] }] };
    writeFileSync(join(project, '.claude', 'settings.json'), JSON.stringify({ hooks }));
    writeFileSync(
      join(project, '.claude', 'settings.local.json'),
      '{"hooks": {"PreToolUse": [{}]}}',
    );
    const { home, paths } = freshState();
    const run = {
      hookName: 'x',
      eventType: 'Stop',
      agent: 'claude',
      cwd: project,
      project,
    } as const;
    writeExecutions(
      paths.database,
      ['a', 'b'].map((digit) => {
        const scriptDigest = digit.repeat(64);
        return recordedOf(anExecution({ ...run, decision: 'deny', scriptDigest }));
      }),
    );
    const env = { HOOKBUS_HOME: home, PATH: '/usr/bin:/bin' };
    const { stdout } = await hookbus(['hooks', '--json'], env, project);
    expect(unique(pathsOf(JSON.parse(stdout)))).toEqual(unique(documented('hooks').keys()));
  });

  it('wrap are documented', async () => {
    const hooks = { Stop: [{ hooks: [{ type: 'command', command: 'x' }] }] };
    const input = JSON.stringify({ hooks });
    const { stdout } = await hookbus(['wrap', '--json'], {}, undefined, undefined, input);
    expect(unique(pathsOf(JSON.parse(stdout)))).toEqual(unique(documented('wrap').keys()));
  });

  it('enable and disable are documented, with the recording of status', async () => {
    const { home } = freshState();
    const env = { HOOKBUS_HOME: home, HOME: temporaryDirectory() };
    const hooks = { Stop: [{ hooks: [{ type: 'http', url: 'http://127.0.0.1:9' }] }] };
    mkdirSync(join(env.HOME, '.claude'));
    writeFileSync(join(env.HOME, '.claude', 'settings.json'), JSON.stringify({ hooks }));
    const recording = [...documented('status').keys()].flatMap((name) =>
      name.startsWith('recording[].') ? name.replace('[]', '') : [],
    );
    for (const words of [['enable', '--dry-run'], ['enable'], ['disable']]) {
      const { stdout } = await hookbus([...words, '--json'], env, env.HOME);
      const answer = JSON.parse(stdout);
      expect(answer.recording.unrecordable).toEqual({ http: 1 });
      const paths = pathsOf(answer).filter((path) => !path.includes('.unrecordable.'));
      expect(unique(paths)).toEqual(unique([...documented('enable').keys(), ...recording]));
    }
  });

  it('cleanup are documented', async () => {
    expect(unique(pathsOf(await ask(['cleanup'])))).toEqual(unique(documented('cleanup').keys()));
  });
});

describe('values', () => {
  it('have the documented types', async () => {
    for (const words of [
      ['status'],
      ['metrics'],
      ['cleanup'],
      ['show', '1'],
      ['trace', '1'],
      ['replay', '1', '--', 'true'],
      ['off', 'a', '--yes', '--command', 'x'],
      ['on', 'a'],
      ['config'],
      ['alerts'],
      ['report'],
    ]) {
      const answer = (await ask(words)) as Record<string, unknown>;
      for (const [name, type] of documented(words[0] ?? '')) {
        if (!(name in answer)) continue;
        const value = answer[name];
        const is = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
        const expected =
          type === 'graded' ? ['object'] : type.split(' or ').map((word) => word.split(' ')[0]);
        expect(expected, `${words[0]}: ${name}`).toContain(is);
      }
    }
  });

  it('of metrics have a fixed shape', async () => {
    expect(await ask(['metrics', '1'])).toMatchObject({
      window_hours: 1,
      overhead: { count: 2, p50_ms: 1.25, p95_ms: 1.25, p99_ms: 1.25 },
      hooks: [
        {
          hook_name: 'guard_rm',
          event_type: 'PreToolUse',
          runs: 2,
          success: 2,
          blocked: 0,
          error: 0,
          timeout: 0,
          deduped: 0,
          failure_rate: 0,
          dedupe_rate: 0,
          avg_ms: 12.5,
          p50_ms: 12.5,
          p95_ms: 12.5,
          p99_ms: 12.5,
          max_ms: 12.5,
          total_ms: 25,
        },
      ],
    });
  });

  it('escape every character that could control a terminal, and lose none', async () => {
    const { home, paths } = freshState();
    const hookName = 'a\x1b[31m\u009b\u202e\u200b\u2028\u{e0041}"\\é日本🚀';
    writeExecutions(paths.database, [recordedOf(anExecution({ hookName }))]);
    const { stdout } = await hookbus(['logs', '--json'], { HOOKBUS_HOME: home });
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(stdout).toContain('é日本🚀');
    expect(JSON.parse(stdout)).toMatchObject([{ hook_name: hookName }]);
  });
});

describe('a failure', () => {
  it('is one line of JSON on stderr, and nothing on stdout', async () => {
    const { home } = freshState();
    const { stdout, stderr, exitCode } = await hookbus(['metrics', 'soon', '--json'], {
      HOOKBUS_HOME: home,
    });
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
    expect(stderr.split('\n')).toHaveLength(2);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'E_USAGE',
        message: expect.stringMatching(/^TIME must be a time such as 7d.*, got "soon"$/) as string,
        hint: 'Try: hookbus metrics --help',
      },
    });
  });
});
