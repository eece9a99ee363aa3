import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { gatePath } from '../../src/gates/gate-file.ts';
import { NOBODY, openToAll } from '../support/open-to-all.ts';
import type { Engine } from './support/engine.ts';
import { databaseIn, query } from './support/rows.ts';
import { brief } from './support/running.ts';
import type { RunOptions, Stage } from './support/stage.ts';
import { type Topic, topic, WITHOUT_HOME } from './support/topic.ts';

const INPUT = '{"session_id":"s","hook_event_name":"PreToolUse"}\n';
const HOOK = ['sh', '-c', 'cat; echo err >&2; exit 2'];
/** The file of its gate. */
const GATE = gatePath('gates', { hookName: 'probe', command: `sh -c '${HOOK[2]}'` });

/** A separate mount needs a privilege that not every machine gives. */
const canMount = spawnSync('sh', ['-c', 'unshare -m mount -t tmpfs none /mnt']).status === 0;

/** The hook runs as it does without HookBus, under these conditions of the wrapped execution. */
async function runsAsBare(stage: Stage, options: RunOptions = {}): Promise<void> {
  const { set: _, ...bareOptions } = options;
  const bare = await stage.bare(HOOK, { ...bareOptions, input: INPUT });
  expect(bare).toMatchObject({ code: 2, stdout: Buffer.from(INPUT), stderr: Buffer.from('err\n') });
  expect(brief(await stage.wrapped(HOOK, { ...options, input: INPUT }))).toEqual(brief(bare));
  const killed = await stage.wrapped(['sh', '-c', 'kill -TERM $$'], options);
  expect(brief(killed)).toEqual({ code: null, signal: 'SIGTERM', stdout: '', stderr: '' });
}

export function failOpen(engine: Engine): void {
  const register = ({ test, testIf }: Topic): void => {
    for (const [what, set] of [
      ['HOME and HOOKBUS_HOME are not set', { HOME: undefined, HOOKBUS_HOME: undefined }],
      ['HOME and HOOKBUS_HOME are empty', { HOME: '', HOOKBUS_HOME: '' }],
      ['HOME does not exist', { HOME: '/proc/no/such/home', HOOKBUS_HOME: undefined }],
      ['HOOKBUS_HOME is in a place where nothing can be made', { HOOKBUS_HOME: '/proc/hookbus' }],
      ['HOOKBUS_HOME is under a device', { HOOKBUS_HOME: '/dev/null/hookbus' }],
      ['HOOKBUS_HOME is too long a name', { HOOKBUS_HOME: join(tmpdir(), 'x'.repeat(300)) }],
      ['HOOKBUS_HOME is too long a path', { HOOKBUS_HOME: tmpdir() + '/x'.repeat(3000) }],
    ] as const) {
      test(`the hook runs when ${what}`, (stage) => runsAsBare(stage, { set }));
    }

    test('the hook runs when the state directory is a file', async (stage) => {
      writeFileSync(stage.home, 'not a directory');
      await runsAsBare(stage);
      expect(readFileSync(stage.home, 'utf8')).toBe('not a directory');
    });

    test('the hook runs when the state directory is read-only', async (stage) => {
      mkdirSync(stage.home, { mode: 0o555 });
      await runsAsBare(stage, await asNobody(stage));
    });

    test('the hook runs when the state directory can be read but not written', async (stage) => {
      await stage.wrapped(['true']);
      execFileSync('chmod', ['-R', 'a+rX,a-w', stage.home]);
      await runsAsBare(stage, await asNobody(stage));
      execFileSync('chmod', ['-R', 'u+w', stage.home]);
    });

    testIf(
      canMount || 'mounting needs a privilege',
      'the hook runs when the disk is full',
      async (stage) => {
        // The default, which needs no stamp: a new file system has none.
        const home = join(stage.environment()['HOME'] ?? '', '.local', 'state', 'hookbus');
        mkdirSync(home, { recursive: true });
        const full = `mount -t tmpfs -o size=4k,mode=700 none "$0" && head -c 4096 /dev/zero >"$0/filler"; exec "$@"`;
        const wrapped = [...engine.command, 'run', '--name', 'probe', '--', ...HOOK];
        const run = await stage.startBare(['unshare', '-m', 'sh', '-c', full, home, ...wrapped], {
          set: { HOOKBUS_HOME: home },
        });
        run.stdin.end(INPUT);
        expect(brief(await run.finish())).toEqual({
          code: 2,
          signal: null,
          stdout: INPUT,
          stderr: 'err\n',
        });
      },
    );

    test('the hook runs when no file can grow', async (stage) => {
      await runsAsBare(stage, { conditions: { limits: { FSIZE: [0, null] } } });
    });

    for (const name of ['hook_bus.db', 'spool', 'gates', 'config.json', 'bus.sock']) {
      test(`the hook runs when ${name} is garbage`, async (stage) => {
        stage.makeHome();
        writeFileSync(`${stage.home}/${name}`, 'garbage '.repeat(4096));
        await runsAsBare(stage);
      });
    }

    // If opened like a file, a FIFO blocks its opener until somebody opens the other end.
    for (const name of ['hook_bus.db', 'spool', GATE, 'config.json', 'bus.sock']) {
      test(`the hook runs when ${name === GATE ? 'its gate' : name} is a FIFO`, async (stage) => {
        stage.makeHome();
        mkdirSync(`${stage.home}/gates`);
        execFileSync('mkfifo', [`${stage.home}/${name}`]);
        await runsAsBare(stage);
      });
    }

    test('the hook runs when the log is a FIFO, and there is something to log', async (stage) => {
      stage.makeHome();
      for (const name of ['hookbus.log', 'spool', 'hook_bus.db'])
        execFileSync('mkfifo', [`${stage.home}/${name}`]);
      await runsAsBare(stage, { set: { HOOKBUS_DEBUG: '1' } });
    });

    for (const name of ['', '/spool', '/hook_bus.db', '/bus.sock']) {
      test(`the hook runs when the state directory${name} is a link to itself`, async (stage) => {
        const link = `${stage.home}${name}`;
        if (name !== '') stage.makeHome();
        symlinkSync(link, link);
        await runsAsBare(stage);
      });
    }

    test('the hook runs when the database is a directory', async (stage) => {
      stage.makeHome();
      mkdirSync(databaseIn(stage.home));
      await runsAsBare(stage);
    });

    test('the hook runs when the database is cut short', async (stage) => {
      await stage.wrapped(['true']);
      await stage.drain();
      writeFileSync(databaseIn(stage.home), readFileSync(databaseIn(stage.home)).subarray(0, 5000));
      await runsAsBare(stage);
    });

    test('executions are recorded again after a garbage database', async (stage) => {
      stage.makeHome();
      writeFileSync(databaseIn(stage.home), 'garbage '.repeat(4096));
      await runsAsBare(stage);
      await stage.drain();
      expect((await stage.rows()).map((row) => row.status).sort()).toEqual(['blocked', 'error']);
    });

    test('a database of a newer version stays unchanged, and the hook runs', async (stage) => {
      await stage.wrapped(['true']);
      await stage.drain();
      const db = new Database(databaseIn(stage.home));
      db.pragma('user_version = 9999');
      db.close();
      const before = contents(stage.home);
      await runsAsBare(stage);
      expect(contents(stage.home)).toEqual(before);
      expect(query(stage.home, 'PRAGMA user_version')).toEqual([{ user_version: 9999 }]);
    });

    test('what waited beside a database of a newer version is stored once it can be', async (stage) => {
      await stage.wrapped(['true']);
      await stage.drain();
      const db = new Database(databaseIn(stage.home));
      const version = db.pragma('user_version', { simple: true });
      db.pragma('user_version = 9999');
      await runsAsBare(stage);
      db.pragma(`user_version = ${version}`);
      db.close();
      await stage.drain();
      expect(await stage.rows()).toHaveLength(3);
    });

    test('invalid settings fall back to their defaults', async (stage) => {
      await runsAsBare(stage, {
        set: {
          HOOKBUS_MAX_BYTES: 'many',
          HOOKBUS_COMPRESS: 'maybe',
          HOOKBUS_STORE_RAW: '2',
          HOOKBUS_DEDUPE_TTL: '-1',
          HOOKBUS_RETENTION_DAYS: '1e99',
          HOOKBUS_DEDUPE_URL: 'not a url',
          HOOKBUS_REDACT: 'perhaps',
        },
      });
      expect(await stage.rows()).toHaveLength(2);
      expect(query(stage.home, 'SELECT * FROM hook_payloads')).toEqual([]);
    });

    test('the hook gets 1.5 MB even if files cannot grow over 100 KB', async (stage) => {
      // A single object, so that HookBus reads it completely before the hook starts.
      writeFileSync(stage.path('in'), `{"content":"${'x'.repeat(1_500_057)}"}`);
      const line = 'cat in | prlimit --fsize=100000 -- "$@"';
      const wrapped = [...engine.command, 'run', '--'];
      for (const prefix of [[], wrapped]) {
        const outcome = await stage.bare(['sh', '-c', line, 'sh', ...prefix, 'wc', '-c']);
        expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: '1500071\n', stderr: '' });
      }
    });

    test('the hook runs when only a few files can be open', async (stage) => {
      await runsAsBare(stage, { conditions: { limits: { NOFILE: [40, 40] } } });
    });
  };
  topic(engine, 'failing open', 'concurrent', register, WITHOUT_HOME);
}

/** Root can write anywhere, so it becomes a user who cannot. */
async function asNobody(stage: Stage): Promise<RunOptions> {
  if (getuid?.() !== 0) return {};
  const parent = stage.home.slice(0, stage.home.lastIndexOf('/'));
  chmodSync(parent, 0o755);
  chownSync(stage.directory, NOBODY, NOBODY);
  return { uid: NOBODY, program: openToAll(stage.engine.command, parent) };
}

/** The complete contents of the database, to see whether it was changed. */
const contents = (home: string): unknown[] => [
  query(home, 'SELECT type, name, sql FROM sqlite_master ORDER BY name'),
  query(home, 'SELECT * FROM hook_logs ORDER BY id'),
];
