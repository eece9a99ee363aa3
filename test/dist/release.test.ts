import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/domain/version.ts';
import { hasLauncher, LAUNCHER } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { mustRun, ROOT } from './support.ts';

const SYSTEM = `${process.platform}-${process.arch}`;
const NAME = `hookbus-${VERSION}-${SYSTEM}`;
const ARCHIVES = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

const hasCurl = spawnSync('curl', ['--version']).status === 0;
const why = !hasLauncher
  ? ' (skipped: no launcher was built)'
  : hasCurl
    ? ''
    : ' (skipped: curl is missing)';
// vitest prints the titles of skipped tests only on request.
if (why !== '') process.stderr.write(`the install script of a release is not tested${why}\n`);

/** A release with an archive that has only a launcher, and a home directory. */
function aRelease(node = '#!/bin/sh\n') {
  const top = temporaryDirectory();
  const [release, tree, home] = [join(top, 'release'), join(top, NAME), join(top, 'home')];
  for (const directory of [release, join(tree, 'bin'), home])
    mkdirSync(directory, { recursive: true });
  cpSync(LAUNCHER, join(tree, 'bin/hookbus'));
  cpSync(join(ROOT, 'bin/hookbus.js'), join(tree, 'bin/hookbus.js'));
  writeFileSync(join(tree, 'bin/hookbus-node'), node, { mode: 0o755 });
  cpSync(join(ROOT, 'scripts/install-tarball.sh'), join(tree, 'install.sh'));
  mustRun('sh', ['-c', 'find . -type f ! -name SHA256SUMS | xargs sha256sum >SHA256SUMS'], {
    cwd: tree,
  });
  mustRun('tar', ['-C', top, '-czf', join(release, `${NAME}.tar.gz`), NAME]);
  for (const system of ARCHIVES.filter((one) => one !== SYSTEM))
    writeFileSync(join(release, `hookbus-${VERSION}-${system}.tar.gz`), system);
  mustRun('node', ['scripts/write-installers.js', release], {
    cwd: ROOT,
    env: { HOOKBUS_REPOSITORY: 'somebody/hookbus' },
  });
  const install = (env: Record<string, string> = {}) =>
    spawnSync('sh', [join(release, 'install-release.sh')], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: home, HOOKBUS_RELEASES: `file://${release}`, ...env },
    });
  return { release, home, install, archive: join(release, `${NAME}.tar.gz`) };
}

describe.skipIf(why !== '')(`the install script of a release${why}`, () => {
  it('installs the archive of this system, and the same again', () => {
    const { home, install } = aRelease();
    for (const _ of [1, 2]) {
      const { status, stderr } = install();
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(readlinkSync(join(home, '.local/bin/hookbus'))).toBe(
        join(home, '.local/opt', NAME, 'bin/hookbus'),
      );
    }
  });

  it('installs nothing that has another checksum', () => {
    const { home, archive, install } = aRelease();
    appendFileSync(archive, 'x');
    const { status, stderr } = install();
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /has the checksum \w{64} instead of \w{64}, so nothing was installed\n$/,
    );
    expect(existsSync(join(home, '.local/opt', NAME))).toBe(false);
    expect(existsSync(join(home, '.local/bin'))).toBe(false);
  });

  it('replaces nothing that somebody changed, and says what it cannot download', () => {
    const { home, install } = aRelease();
    expect(install().status).toBe(0);
    appendFileSync(join(home, '.local/opt', NAME, 'bin/hookbus.js'), 'x');
    expect(install().stderr).toMatch(
      /is not what the release contains: delete it and try again\n$/,
    );
    const nowhere = install({ HOOKBUS_RELEASES: 'file:///nowhere' });
    expect(nowhere.stderr).toMatch(/install-release: cannot download file:\/\/\/nowhere\/.*\n$/);
  });

  it('does not take what is there for the release because it has its version', () => {
    const { home, install } = aRelease();
    expect(install().status).toBe(0);
    const { stderr, status } = aRelease('#!/bin/sh\n# other\n').install({ HOME: home });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/is not what the release contains: delete it and try again\n$/),
    ]);
  });

  it('installs nothing where the Node in it does not run, as without glibc', () => {
    const { home, install } = aRelease('#!/lib/missing-loader.so\n');
    const { stderr, status } = install();
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^install: .*hookbus-node does not run here.* npm install --global hookbus\n$/,
      ),
    ]);
    expect(existsSync(join(home, '.local/bin'))).toBe(false);
  });

  it('is in a release with the formula, which names every archive', () => {
    const { release } = aRelease();
    const formula = readFileSync(join(release, 'hookbus.rb'), 'utf8');
    const script = readFileSync(join(release, 'install-release.sh'), 'utf8');
    for (const system of ARCHIVES) {
      const file = `hookbus-${VERSION}-${system}.tar.gz`;
      const [sum = ''] = mustRun('sha256sum', [join(release, file)]).split(' ');
      expect(formula).toContain(
        `url "https://github.com/somebody/hookbus/releases/download/v${VERSION}/${file}"\n      sha256 "${sum}"`,
      );
      expect(script).toContain(`${sum} ${system}\n`);
    }
    expect(formula + script).not.toMatch(/@[A-Z]+[@ ]/);
  });
});
