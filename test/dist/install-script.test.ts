import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execPath, versions } from 'node:process';
import { describe, expect, it } from 'vitest';
import { hasLauncher } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { aUser, ROOT } from './support.ts';

/** A Node with a SQLite of its own, if `scripts/fetch-client.sh node22` was run. */
const NODES = join(ROOT, 'tmp/node');
const newer = (existsSync(NODES) ? readdirSync(NODES) : [])
  .filter((name) => name.startsWith(`linux-${process.arch}-`))
  .map((name) => join(NODES, name, 'bin'))
  .find((bin) => existsSync(join(bin, 'node')));
const [major = 0, minor = 0] = versions.node.split('.').map(Number);
const isOld = major < 22 || (major === 22 && minor < 13);

if (newer === undefined)
  process.stderr.write(
    'install-script.test.ts: no newer Node in tmp/node (scripts/fetch-client.sh node22), so its test is skipped\n',
  );
if (!isOld)
  process.stderr.write(
    'install-script.test.ts: this Node has a SQLite, so the test of older ones is skipped\n',
  );

/** A checkout that was built, but for better-sqlite3. */
function aCheckout() {
  const top = temporaryDirectory();
  const [checkout, prefix] = [join(top, 'checkout'), join(top, 'prefix')];
  mkdirSync(join(checkout, 'node_modules/better-sqlite3'), { recursive: true });
  for (const name of ['bin', 'dist', 'docs', 'scripts', 'package.json'])
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  for (const name of readdirSync(ROOT))
    if (/^[A-Z]/.test(name)) symlinkSync(join(ROOT, name), join(checkout, name));
  return {
    prefix,
    install: (directory: string) =>
      spawnSync('sh', [join(checkout, 'scripts/install.sh'), 'install', prefix], {
        encoding: 'utf8',
        env: { HOME: top, PATH: `${directory}:/usr/bin:/bin` },
      }),
  };
}

describe.skipIf(!hasLauncher)(
  'scripts/install.sh without the native part of better-sqlite3',
  () => {
    it.skipIf(!isOld)('installs nothing where Node has no SQLite, and says why in one line', () => {
      const { prefix, install } = aCheckout();
      const { status, stdout, stderr } = install(join(execPath, '..'));
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(
        /^install: better-sqlite3 was not built, .* Node 22\.13 or newer, .*\n$/,
      );
      expect(existsSync(prefix)).toBe(false);
    });

    it.skipIf(newer === undefined)('installs what records where it has one', () => {
      const { prefix, install } = aCheckout();
      const { status, stderr } = install(newer ?? '');
      expect([status, stderr]).toEqual([0, '']);
      const user = aUser(join(prefix, 'bin/hookbus'), `${newer}:/usr/bin:/bin`);
      user.run(['run', '--name', 'probe', '--event', 'Stop', '--', 'true']);
      // This launcher was built with the other Node.
      const script = join(prefix, 'lib/hookbus/bin/hookbus.js');
      const { stdout } = spawnSync(join(newer ?? '', 'node'), [script, 'logs', '--json'], {
        encoding: 'utf8',
        env: user.env,
      });
      expect(JSON.parse(stdout)).toMatchObject([{ hook_name: 'probe', status: 'success' }]);
    });
  },
);
