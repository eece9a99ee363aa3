import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/domain/version.ts';
import { buildFor, findCrossCompiler } from '../launcher/support/cross.ts';
import { titleOf } from '../launcher/support/launcher.ts';
import { readProgramFile } from '../launcher/support/program-file.ts';
import { until } from '../support/daemon.ts';
import { canHaveRoot, makeRoot, USER_HOME } from './clean-root.ts';
import { openRegistry, type Registry } from './registry.ts';
import { aDirectory, mustRun, ROOT, remove } from './support.ts';

const PAYLOAD = readFileSync(join(ROOT, 'fixtures/payloads/PreToolUse.Bash.json'), 'utf8');
const INSTALL = ['npm', 'install', '--global', '--no-audit', '--no-fund', 'hookbus'];
const MODULES = '/usr/local/lib/node_modules/hookbus';
const LAUNCHER = `${MODULES}/node_modules/@hookbus/linux-x64/bin/hookbus`;
const SYSTEMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];
const GUARD = 'cat; echo no >&2; exit 2';
/** npm starts a dozen times, in ms. */
const SLOW = 600_000;
const SETTINGS = `${USER_HOME}/.claude/settings.json`;

const canCross = findCrossCompiler();
const can: true | string = canCross === true ? canHaveRoot : canCross;

describe.skipIf(can !== true)(titleOf('the npm packages, from a registry', can), () => {
  let directory: string;
  let registry: Registry;
  let root: ReturnType<typeof makeRoot>;
  const output = () => join(directory, 'packages');
  const packages = () => readdirSync(output()).map((name) => join(output(), name));

  beforeAll(async () => {
    directory = aDirectory();
    const launcher = join(directory, 'launcher');
    expect(buildFor('linux-x64', launcher)).toMatchObject({ status: 0 });
    // npm goes by the manifests, so this launcher may stand for the others.
    const parts = SYSTEMS.map((system) => `${system}=${launcher}=${join(ROOT, 'LICENSE')}`);
    mkdirSync(output());
    mustRun('node', ['scripts/pack-launchers.js', output(), ...parts], { cwd: ROOT });
    mustRun('scripts/pack-npm.sh', [output()], { cwd: ROOT });
    registry = await openRegistry(packages());
    root = makeRoot(registry.url);
  }, SLOW);

  afterAll(async () => {
    root?.remove();
    await registry?.close();
    remove(directory);
  });

  const as = (who: 'root' | 'dev', words: readonly string[], more = {}, input = '') =>
    root.run(who, words, { HOOKBUS_ENABLED: '1', ...more }, input);
  /** Again, because npm runs no script of a package that is there. */
  const install = async (env: Readonly<Record<string, string>>, ...options: string[]) => {
    rmSync(root.path(MODULES), { recursive: true, force: true });
    const done = await as('root', [...INSTALL, ...options], env);
    expect(done).toMatchObject({ code: 0 });
    return done;
  };
  const hookbus = (...words: readonly string[]) => as('dev', ['hookbus', ...words]);
  const writeSettings = (text: object) => {
    mkdirSync(dirname(root.path(SETTINGS)), { recursive: true });
    writeFileSync(root.path(SETTINGS), JSON.stringify(text, null, 2));
    mustRun('chown', ['-R', '1000:1000', root.path(`${USER_HOME}/.claude`)]);
  };
  const hooks = { PreToolUse: [{ hooks: [{ type: 'command', command: GUARD }] }] };

  it(
    'show with npx what an installation would change, and change nothing',
    async () => {
      writeSettings({ hooks });
      const words = ['npx', '--yes', 'hookbus', 'install', '--dry-run', '--scope', 'user'];
      const { code, stdout } = await as('dev', words, { npm_config_ignore_scripts: 'true' });
      expect(code).toBe(0);
      expect(stdout).toContain('+');
      expect(stdout).toContain('hookbus run');
      // npx may delete its copy at any time.
      const forReal = words.filter((word) => word !== '--dry-run');
      const refused = await as('dev', forReal, { npm_config_ignore_scripts: 'true' });
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/^hookbus: npx keeps .*npm install --global hookbus.*\n$/);
      expect(JSON.parse(readFileSync(root.path(SETTINGS), 'utf8'))).toEqual({ hooks });
    },
    SLOW,
  );

  describe('installed for all users with scripts refused, where nobody can compile anything,', () => {
    beforeAll(async () => {
      await install({}, '--ignore-scripts');
    }, SLOW);

    it('have the launcher for this system, and no other', () => {
      expect(readProgramFile(root.path(LAUNCHER))).toMatchObject({ isStatic: true });
      expect(readdirSync(root.path(`${MODULES}/node_modules/@hookbus`))).toEqual(['linux-x64']);
      // This registry does not have it, and no installation needs it.
      expect([...registry.missing].some((name) => name.startsWith('better-sqlite3'))).toBe(true);
      expect(existsSync(root.path(`${MODULES}/node_modules/better-sqlite3`))).toBe(false);
    });

    it(
      'record and show a hook',
      async () => {
        writeSettings({ hooks });
        expect(await hookbus('install', '--scope', 'user')).toMatchObject({ code: 0, stderr: '' });
        const written = JSON.parse(readFileSync(root.path(SETTINGS), 'utf8')) as {
          hooks: typeof hooks;
        };
        const command = written.hooks.PreToolUse[0]?.hooks[0]?.command ?? '';
        expect(command).toContain(`set -- ${LAUNCHER} run `);
        const hook = () => as('dev', ['sh', '-c', command], {}, PAYLOAD);
        expect(await hook()).toEqual({ code: 2, stdout: PAYLOAD, stderr: 'no\n' });
        // The package is root's, so the launcher learns from the state directory where Node is.
        expect(existsSync(join(dirname(root.path(LAUNCHER)), 'node-path'))).toBe(false);
        await until('the daemon that the hook started', async () => {
          const { stdout } = await hookbus('daemon', 'status', '--json');
          return (JSON.parse(stdout) as { running: boolean }).running;
        });
        const { code, stdout, stderr } = await hookbus('logs', '--json');
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(JSON.parse(stdout)).toMatchObject([{ status: 'blocked', event_type: 'PreToolUse' }]);
        expect(await hookbus('daemon', 'stop')).toMatchObject({ code: 0 });
        const version = await as('dev', [LAUNCHER, '--version'], { PATH: '/usr/bin' });
        expect(version.stdout).toBe(`hookbus ${VERSION}\n`);
      },
      SLOW,
    );
  });

  it(
    'put the launcher on PATH where scripts run',
    async () => {
      await install({});
      const bin = root.path(`${MODULES}/bin`);
      expect(readProgramFile(join(bin, `hookbus-${VERSION}`))).toMatchObject({ format: 'ELF' });
      expect(readFileSync(join(bin, 'node-path'), 'utf8')).toBe(
        `/usr/local/bin/node\n${MODULES}/bin/hookbus.js\n`,
      );
      const hook = ['hookbus', 'run', '--', 'sh', '-c', GUARD];
      const off = { HOOKBUS_DAEMON: 'off' };
      expect(await as('dev', hook, off, PAYLOAD)).toMatchObject({ code: 2, stderr: 'no\n' });
      expect((await hookbus('status')).code).toBe(0);
    },
    SLOW,
  );

  it(
    'run hooks through Node where optional packages are omitted, and say so in one line',
    async () => {
      const words = ['npm', 'install', '--prefix', 'app', '--no-audit', '--no-fund', 'hookbus'];
      const options = ['--omit=optional', '--foreground-scripts'];
      const { code, stderr, stdout } = await as('dev', [...words, ...options]);
      expect(code).toBe(0);
      expect(readdirSync(root.path(`${USER_HOME}/app/node_modules`))).not.toContain('@hookbus');
      expect(`${stdout}${stderr}`.match(/^hookbus: .*$/gm)).toEqual([
        expect.stringMatching(/@hookbus\/linux-x64 is not installed.*without --omit=optional/),
      ]);
      const program = 'app/node_modules/.bin/hookbus';
      expect(await as('dev', [program, 'run', '--', 'sh', '-c', GUARD], {}, PAYLOAD)).toEqual({
        code: 2,
        stdout: PAYLOAD,
        stderr: 'no\n',
      });
      expect((await as('dev', [program, 'doctor'])).stdout).toContain('there is no launcher');
    },
    SLOW,
  );
});
