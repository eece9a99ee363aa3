import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { gatePath } from '../../src/gates/gate-file.ts';
import { openToAll } from '../support/open-to-all.ts';
import type { Engine } from './support/engine.ts';
import { brief } from './support/running.ts';
import type { RunOptions, Stage } from './support/stage.ts';
import { type Topic, topic, WITHOUT_HOME } from './support/topic.ts';

const GUARD = ['sh', '-c', 'cat >/dev/null; echo no >&2; exit 2'];
/** The file that closes its gate. */
const HOOK = { hookName: 'guard', command: `sh -c '${GUARD[2]}'` };
const GATE = gatePath('gates', HOOK);
const FLAGS = ['--name', 'guard', '--event', 'PreToolUse'];
const DENIED = { code: 2, signal: null, stdout: '', stderr: 'no\n' };
const ALLOWED = { code: 0, signal: null, stdout: '', stderr: '' };

/** A different user than the one who runs the tests; only root can become one. */
const SOMEBODY = 4002;
const canBeOthers = process.getuid?.() === 0 || 'only root can make files of another user';

async function guarded(
  stage: Stage,
  set: NonNullable<RunOptions['set']> = {},
  more: RunOptions = {},
) {
  return brief(await stage.wrapped(GUARD, { flags: FLAGS, set, input: '{}\n', ...more }));
}

/** A state directory that a checkout could bring: it closes the gate of the guard. */
function plant(home: string): void {
  mkdirSync(join(home, 'gates'), { recursive: true });
  const shown = JSON.stringify({ hook: HOOK.hookName, command: HOOK.command });
  writeFileSync(join(home, GATE), `off ${Date.now() + 3_600_000}\n${shown}\n`);
}

/** Checks that a valid gate works, so that the result for an invalid one means something. */
async function expectTrusted(stage: Stage): Promise<void> {
  if (!existsSync(stage.home)) stage.makeHome();
  plant(stage.home);
  expect(await guarded(stage)).toEqual(ALLOWED);
}

/** What `status` says about the directory under these settings, in one line. */
async function complaint(stage: Stage, set: NonNullable<RunOptions['set']>): Promise<string> {
  const words = [...stage.engine.command, 'status', '--json'];
  const { stdout } = await stage.bare(words, { set });
  const { state_directory_problem } = JSON.parse(stdout.toString()) as Record<string, unknown>;
  return String(state_directory_problem);
}

const defaultOf = (stage: Stage): string =>
  join(stage.environment()['HOME'] ?? '', '.local', 'state', 'hookbus');

export function trust(engine: Engine): void {
  const register = ({ test, testIf }: Topic): void => {
    test('a gate that a repository brings keeps no guard from running', async (stage) => {
      await expectTrusted(stage);
      const planted = stage.path('repo/hb');
      plant(planted);
      plant(stage.path('repo/state/hookbus'));
      const inRepository = { cwd: stage.path('repo') };
      for (const set of [
        { HOOKBUS_HOME: 'hb' },
        { HOOKBUS_HOME: './hb' },
        // No daemon starts there either, which would run what its config.json says.
        { HOOKBUS_HOME: planted, HOOKBUS_DAEMON: 'auto' },
        { HOOKBUS_HOME: undefined, XDG_STATE_HOME: stage.path('repo/state') },
      ]) {
        expect(await guarded(stage, set, inRepository)).toEqual(DENIED);
      }
      expect(readdirSync(planted)).toEqual(['gates']);
    });

    test('a state directory that hooks could not use is reported by commands that use another', async (stage) => {
      await guarded(stage, { HOOKBUS_HOME: undefined });
      const planted = stage.path('planted');
      plant(planted);
      expect(await guarded(stage, { HOOKBUS_HOME: planted })).toEqual(DENIED);
      const areReported = async () => {
        const set = { HOOKBUS_HOME: undefined };
        const status = await stage.bare([...engine.command, 'status'], { set });
        const doctor = await stage.bare([...engine.command, 'doctor'], { set });
        return [status, doctor].map(({ stdout }) => stdout.toString().includes('hookbus trust'));
      };
      expect(await areReported()).toEqual([true, true]);
      await stage.hookbus('trust', '--yes', planted);
      expect(await areReported()).toEqual([false, false]);
    });

    test('a relative HOOKBUS_HOME is recorded as a warning, and the default is used', async (stage) => {
      await guarded(stage, { HOOKBUS_HOME: 'near' });
      expect(existsSync(stage.path('near'))).toBe(false);
      expect(existsSync(defaultOf(stage))).toBe(true);
      const words = [...engine.command, 'status', '--json'];
      const { stdout } = await stage.bare(words, { set: { HOOKBUS_HOME: undefined } });
      expect(stdout.toString()).toContain('HOOKBUS_HOME: expected an absolute path, got');
    });

    test('commands neither read, run nor write what a repository brings', async (stage) => {
      const planted = stage.path('repo/hb');
      plant(planted);
      const ran = stage.path('ran');
      const config = { alerts: { command: `echo ran >${ran}`, hold_seconds: 0 } };
      writeFileSync(join(planted, 'config.json'), JSON.stringify(config));
      const set = { HOOKBUS_HOME: planted };
      for (const command of ['logs', 'metrics', 'alerts', 'config', 'daemon']) {
        const words = [...engine.command, command];
        const { code, stderr } = await stage.bare(words, { set });
        expect({ command, code }).toEqual({ command, code: 1 });
        expect(stderr.toString()).toContain(`hookbus trust ${planted}`);
      }
      expect(await complaint(stage, set)).toContain(`hookbus trust ${planted}`);
      const doctor = await stage.bare([...engine.command, 'doctor'], { set });
      expect(doctor.stdout.toString()).toContain(`hookbus trust ${planted}`);
      const { code, stderr } = await stage.bare([...engine.command, 'daemon', 'run'], { set });
      expect({ code, says: stderr.toString().includes('hookbus trust') }).toEqual({
        code: 1,
        says: true,
      });
      expect(readdirSync(planted).sort()).toEqual(['config.json', 'gates']);
      expect(existsSync(ran)).toBe(false);
    });

    test('no state directory is made or trusted inside a git work tree', async (stage) => {
      const repository = stage.path('repo');
      mkdirSync(join(repository, '.git'), { recursive: true });
      mkdirSync(join(repository, 'empty'));
      symlinkSync(repository, stage.path('link'));
      for (const home of [
        join(repository, 'new/hb'),
        join(repository, 'empty'),
        stage.path('link/new'),
      ]) {
        const set = { HOOKBUS_HOME: home };
        expect(await guarded(stage, set)).toEqual(DENIED);
        expect(await complaint(stage, set)).toContain('inside the git work tree');
      }
      expect(readdirSync(repository).sort()).toEqual(['.git', 'empty']);
      expect(readdirSync(join(repository, 'empty'))).toEqual([]);
      const home = join(repository, 'new/hb');
      const words = [...engine.command, 'trust', home];
      expect((await stage.bare(words)).code).toBe(1);
      expect((await stage.bare([...words, '--yes'])).code).toBe(0);
      plant(home);
      expect(await guarded(stage, { HOOKBUS_HOME: home })).toEqual(ALLOWED);
    });

    test('a state directory that HookBus made, or found empty, is trusted from then on', async (stage) => {
      const empty = stage.path('empty');
      mkdirSync(empty, { mode: 0o700 });
      for (const home of [empty, stage.path('a/b/made')]) {
        const set = { HOOKBUS_HOME: home };
        expect(await guarded(stage, set)).toEqual(DENIED);
        plant(home);
        expect(await guarded(stage, set)).toEqual(ALLOWED);
        const word = readlinkSync(join(home, 'stamp'));
        expect(word).toMatch(/^[\da-f]{32}$/);
        expect(readlinkSync(join(defaultOf(stage), 'trusted', word))).toBe(home);
        expect(await complaint(stage, set)).toBe('null');
      }
    });

    test('a state directory is trusted even if several processes make it at once', async (stage) => {
      const set = { HOOKBUS_HOME: stage.path('many/at/once') };
      const runs = Array.from({ length: 8 }, () => guarded(stage, set));
      expect(await Promise.all(runs)).toEqual(runs.map(() => DENIED));
      const { stdout } = await stage.bare([...engine.command, 'logs', '--json'], { set });
      expect(JSON.parse(stdout.toString())).toHaveLength(8);
      expect(readdirSync(join(defaultOf(stage), 'trusted'))).toHaveLength(1);
    });

    test('a copy, a leaked stamp, and another directory in its place are not trusted', async (stage) => {
      await expectTrusted(stage);
      const word = readlinkSync(join(stage.home, 'stamp'));
      const copy = stage.path('copy');
      execFileSync('cp', ['-a', stage.home, copy]);
      const leaked = stage.path('leaked');
      plant(leaked);
      symlinkSync(word, join(leaked, 'stamp'));
      const traversing = stage.path('traversing');
      plant(traversing);
      symlinkSync('../../../../../x', join(traversing, 'stamp'));
      const file = stage.path('file');
      plant(file);
      writeFileSync(join(file, 'stamp'), word);
      for (const home of [copy, leaked, traversing, file]) {
        expect(await guarded(stage, { HOOKBUS_HOME: home })).toEqual(DENIED);
      }
      renameSync(stage.home, stage.path('away'));
      plant(stage.home);
      expect(await guarded(stage)).toEqual(DENIED);
    });

    test('a state directory is not trusted through a link in its path', async (stage) => {
      await expectTrusted(stage);
      symlinkSync(dirname(stage.home), stage.path('way'));
      expect(await guarded(stage, { HOOKBUS_HOME: stage.path('way/state') })).toEqual(DENIED);
    });

    test('a state directory that is a link, or that others can write, is not used, even as the default', async (stage) => {
      await expectTrusted(stage);
      const known = defaultOf(stage);
      const link = stage.path('link');
      symlinkSync(stage.home, link);
      expect(await guarded(stage, { HOOKBUS_HOME: link })).toEqual(DENIED);
      expect(await complaint(stage, { HOOKBUS_HOME: link })).toContain('is a link');
      chmodSync(stage.home, 0o777);
      expect(await guarded(stage)).toEqual(DENIED);
      expect(await complaint(stage, {})).toContain(`chmod 700 ${stage.home}`);
      chmodSync(stage.home, 0o700);
      const set = { HOOKBUS_HOME: undefined };
      plant(known);
      expect(await guarded(stage, set)).toEqual(ALLOWED);
      chmodSync(known, 0o770);
      expect(await guarded(stage, set)).toEqual(DENIED);
      // Its contents are not trusted either.
      expect(await guarded(stage)).toEqual(DENIED);
      chmodSync(known, 0o700);
      renameSync(known, stage.path('elsewhere'));
      symlinkSync(stage.path('elsewhere'), known);
      expect(await guarded(stage, set)).toEqual(DENIED);
      expect(await guarded(stage)).toEqual(DENIED);
      expect(await complaint(stage, set)).toContain('is a link');
    });

    testIf(
      canBeOthers,
      'a state directory of another user is not used, even as the default',
      async (stage) => {
        await expectTrusted(stage);
        chownSync(stage.home, SOMEBODY, SOMEBODY);
        expect(await guarded(stage)).toEqual(DENIED);
        expect(await complaint(stage, {})).toContain(`belongs to another user (${SOMEBODY})`);
        const set = { HOOKBUS_HOME: undefined };
        plant(defaultOf(stage));
        expect(await guarded(stage, set)).toEqual(ALLOWED);
        chownSync(defaultOf(stage), SOMEBODY, SOMEBODY);
        expect(await guarded(stage, set)).toEqual(DENIED);
        const refused = await stage.bare([...engine.command, 'trust', '--yes', stage.home]);
        expect({ code: refused.code, stderr: refused.stderr.toString() }).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('belongs to another user'),
        });
      },
    );

    testIf(
      canBeOthers,
      'a gate of another user, a link, a hard link and a FIFO close nothing',
      async (stage) => {
        await expectTrusted(stage);
        const gate = join(stage.home, GATE);
        chownSync(gate, SOMEBODY, SOMEBODY);
        expect(await guarded(stage)).toEqual(DENIED);
        const real = stage.path('real');
        writeFileSync(real, `off ${Date.now() + 3_600_000}\n`);
        for (const make of [
          () => symlinkSync(real, gate),
          () => linkSync(real, gate),
          () => execFileSync('mkfifo', [gate]),
        ]) {
          execFileSync('rm', [gate]);
          make();
          expect(await guarded(stage)).toEqual(DENIED);
        }
        execFileSync('rm', ['-r', join(stage.home, 'gates')]);
        plant(stage.path('foreign'));
        symlinkSync(stage.path('foreign/gates'), join(stage.home, 'gates'));
        expect(await guarded(stage)).toEqual(DENIED);
      },
    );

    test('a link or a FIFO in place of the log makes HookBus write to no other file', async (stage) => {
      const victim = stage.path('bashrc');
      writeFileSync(victim, 'precious\n');
      const away = stage.path('away');
      mkdirSync(away);
      const fill = (home: string, put: (path: string) => void): void => {
        mkdirSync(join(home, 'spool'), { recursive: true });
        put(join(home, 'spool', 'log'));
      };
      const planted = stage.path('repo/hb');
      fill(planted, (path) => symlinkSync(victim, path));
      expect(await guarded(stage, { HOOKBUS_HOME: planted })).toEqual(DENIED);
      // This also holds for a trusted directory that somebody prepared by hand.
      for (const put of [
        (path: string) => symlinkSync(victim, path),
        (path: string) => linkSync(victim, path),
        (path: string) => execFileSync('mkfifo', [path]),
        (path: string) => mkdirSync(path),
        ...(process.geteuid?.() === 0
          ? [
              (path: string) => {
                writeFileSync(path, '');
                chownSync(path, 65_534, 65_534);
              },
            ]
          : []),
      ]) {
        execFileSync('rm', ['-rf', stage.home]);
        stage.makeHome();
        fill(stage.home, put);
        expect(await guarded(stage)).toEqual(DENIED);
        await stage.drain();
        // Ingesting moves it out of the way, so that the next execution is recorded.
        const before = (await stage.rows()).length;
        expect(await guarded(stage)).toEqual(DENIED);
        expect((await stage.rows()).length).toBe(before + 1);
      }
      execFileSync('rm', ['-rf', stage.home]);
      stage.makeHome();
      symlinkSync(away, join(stage.home, 'spool'));
      expect(await guarded(stage)).toEqual(DENIED);
      await stage.hookbus('logs');
      expect(readFileSync(victim, 'utf8')).toBe('precious\n');
      expect(readdirSync(away)).toEqual([]);
    });

    test('records that are links or have another name are quarantined, and their files left alone', async (stage) => {
      await stage.wrapped(['true']);
      await stage.drain();
      const victim = stage.path('victim');
      writeFileSync(victim, 'precious\n');
      mkdirSync(join(stage.home, 'spool'), { recursive: true });
      const id = '01a2241c-6f53-7a6e-8b5c-aad99f12e7e';
      symlinkSync(victim, join(stage.home, 'spool', `${id}1.rec`));
      linkSync(victim, join(stage.home, 'spool', `${id}2.rec`));
      execFileSync('mkfifo', [join(stage.home, 'spool', `${id}3.rec`)]);
      await stage.drain();
      expect(readdirSync(join(stage.home, 'spool', 'unreadable'))).toHaveLength(3);
      expect(readFileSync(victim, 'utf8')).toBe('precious\n');
      expect(await stage.rows()).toHaveLength(1);
    });

    test('a database, log or config.json that is a link is left alone', async (stage) => {
      stage.makeHome();
      const victim = stage.path('victim');
      for (const name of ['hook_bus.db', 'hook_bus.db-wal', 'hookbus.log']) {
        writeFileSync(victim, 'precious\n');
        for (const old of ['hook_bus.db', name]) execFileSync('rm', ['-f', join(stage.home, old)]);
        symlinkSync(victim, join(stage.home, name));
        expect(await guarded(stage, { HOOKBUS_DEBUG: '1' })).toEqual(DENIED);
        await stage.hookbus('logs');
        expect(readFileSync(victim, 'utf8')).toBe('precious\n');
        execFileSync('rm', [join(stage.home, name)]);
      }
      writeFileSync(victim, '{"breaker":{"window":9}}');
      const config = join(stage.home, 'config.json');
      symlinkSync(victim, config);
      const shown = await stage.hookbus('status');
      expect(shown.stdout.toString().replace(/\s+/g, ' ')).toContain('it is a link');
      execFileSync('rm', [config]);
      cpSync(victim, config);
      chmodSync(config, 0o666);
      const writable = await stage.hookbus('status');
      expect(writable.stdout.toString().replace(/\s+/g, ' ')).toContain('others can write to it');
    });

    test('trust shows what acts in a directory, asks for a yes, and trusts it', async (stage) => {
      const home = stage.path('restored');
      plant(home);
      const config = { alerts: { command: 'notify me' }, statsd: { enabled: true } };
      writeFileSync(join(home, 'config.json'), JSON.stringify(config), { mode: 0o600 });
      const words = [...engine.command, 'trust', home];
      const asked = await stage.bare(words);
      expect(asked.code).toBe(1);
      for (const text of ['guard (off)', 'notify me', 'statsd', `hookbus trust --yes ${home}`])
        expect(asked.stdout.toString()).toContain(text);
      expect(await guarded(stage, { HOOKBUS_HOME: home })).toEqual(DENIED);
      expect((await stage.bare([...words, '--yes'])).code).toBe(0);
      expect(await guarded(stage, { HOOKBUS_HOME: home })).toEqual(ALLOWED);
      expect((await stage.bare(words)).code).toBe(0);
      // After a move it is a different directory, and can be trusted there.
      const moved = stage.path('moved');
      renameSync(home, moved);
      expect(await guarded(stage, { HOOKBUS_HOME: moved })).toEqual(DENIED);
      expect((await stage.bare([...engine.command, 'trust', '--yes', moved])).code).toBe(0);
      expect(await guarded(stage, { HOOKBUS_HOME: moved })).toEqual(ALLOWED);
    });

    for (const [what, set] of [
      ['HOME is not set', { HOME: undefined }],
      ['HOME cannot be made', { HOME: '/proc/none' }],
      ['HOME does not exist', { HOME: '/nonexistent-home' }],
    ] as const) {
      test(`a state directory is trusted without a default directory: ${what}`, async (stage) => {
        expect(await guarded(stage, set)).toEqual(DENIED);
        plant(stage.home);
        expect(await guarded(stage, set)).toEqual(ALLOWED);
        expect(readlinkSync(join(stage.home, 'stamp'))).toMatch(/^\d+-\d+$/);
        expect(existsSync('/nonexistent-home')).toBe(false);
        const copy = stage.path('copy');
        execFileSync('cp', ['-a', stage.home, copy]);
        expect(await guarded(stage, { ...set, HOOKBUS_HOME: copy })).toEqual(DENIED);
        // If there can be a default directory, only that is trusted.
        expect(await guarded(stage)).toEqual(DENIED);
      });
    }

    testIf(
      canBeOthers,
      'a user without a name and a home records in HOOKBUS_HOME',
      async (stage) => {
        chmodSync(dirname(stage.home), 0o755);
        const home = stage.path('volume');
        mkdirSync(home, { mode: 0o700 });
        for (const path of [home, stage.directory]) chownSync(path, SOMEBODY, SOMEBODY);
        const set = { HOOKBUS_HOME: home, HOME: '/' };
        const program = openToAll(stage.engine.command, dirname(stage.home));
        const options = { uid: SOMEBODY, program };
        expect(await guarded(stage, set, options)).toEqual(DENIED);
        plant(home);
        for (const path of ['gates', GATE]) chownSync(join(home, path), SOMEBODY, SOMEBODY);
        expect(await guarded(stage, set, options)).toEqual(ALLOWED);
      },
    );

    test('the entries of deleted directories are removed once they are old', async (stage) => {
      const home = stage.path('gone');
      await guarded(stage, { HOOKBUS_HOME: home });
      await guarded(stage);
      const trusted = join(defaultOf(stage), 'trusted');
      execFileSync('rm', ['-rf', home]);
      await stage.hookbus('cleanup');
      expect(readdirSync(trusted)).toHaveLength(2);
      for (const word of readdirSync(trusted))
        execFileSync('touch', ['-h', '-d', '2 days ago', join(trusted, word)]);
      await stage.hookbus('cleanup');
      expect(readdirSync(trusted).map((word) => readlinkSync(join(trusted, word)))).toEqual([
        stage.home,
      ]);
      appendFileSync(join(stage.home, 'not-a-gate'), '');
      expect(await complaint(stage, {})).toBe('null');
    });
  };
  topic(engine, 'trust in state directories', 'concurrent', register, WITHOUT_HOME);
}
