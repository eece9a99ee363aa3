import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/domain/version.ts';
import { hasLauncher, LAUNCHER } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { ROOT } from './support.ts';

const SCRIPT = join(ROOT, 'scripts/place-launcher.js');
const place = (file: string, directory: string) =>
  spawnSync(execPath, [SCRIPT, file, directory], { encoding: 'utf8' });

if (!hasLauncher)
  process.stderr.write('place-launcher.test.ts: there is no launcher, so its tests are skipped\n');

describe.skipIf(!hasLauncher)('a new launcher', () => {
  const aPlace = () => {
    const top = temporaryDirectory();
    const [bin, next] = [join(top, 'bin'), join(top, 'next')];
    mkdirSync(bin);
    return { bin, next, link: join(bin, 'hookbus') };
  };

  it('gets the name of its version, and the link points to it', () => {
    const { bin, link } = aPlace();
    writeFileSync(join(bin, 'hookbus-0.0.1'), 'old');
    writeFileSync(join(bin, 'hookbus-linux-x64'), 'of the package');
    expect(place(LAUNCHER, bin)).toMatchObject({ status: 0, stderr: '' });
    expect(readlinkSync(link)).toBe(`hookbus-${VERSION}`);
    expect(readFileSync(link).equals(readFileSync(LAUNCHER))).toBe(true);
    expect(readdirSync(bin).sort()).toEqual(['hookbus', `hookbus-${VERSION}`, 'hookbus-linux-x64']);
  });

  it.each([
    ['is truncated', (whole: Buffer) => whole.subarray(0, whole.length / 2)],
    ['is empty', () => Buffer.alloc(0)],
    ['exits 0 whatever the hook does', () => Buffer.from('#!/bin/sh\nexit 0\n')],
    [
      'runs hooks only while it is off',
      () => Buffer.from('#!/bin/sh\n[ "$HOOKBUS_ENABLED" = 0 ] || exit 1\nshift 2\nexec "$@"\n'),
    ],
  ])('that %s does not replace the old one, which the message says', (_title, broken) => {
    const { bin, next, link } = aPlace();
    place(LAUNCHER, bin);
    const before = readdirSync(bin).sort();
    writeFileSync(next, broken(readFileSync(LAUNCHER)), { mode: 0o755 });
    const { status, stderr } = place(next, bin);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^hookbus: .*\n$/);
    expect(readFileSync(link).equals(readFileSync(LAUNCHER))).toBe(true);
    expect(readdirSync(bin).sort()).toEqual(before);
  });

  it('leaves no moment without a launcher', async () => {
    const { bin, link } = aPlace();
    place(LAUNCHER, bin);
    const placing = spawn('sh', [
      '-c',
      'for n in 1 2 3 4 5; do "$0" "$1" "$2" "$3" || exit 9; done',
      execPath,
      SCRIPT,
      LAUNCHER,
      bin,
    ]);
    const ended = once(placing, 'exit');
    let runs = 0;
    while (placing.exitCode === null && placing.signalCode === null) {
      const { status } = spawnSync(link, ['run', '--', '/bin/sh', '-c', 'exit 2'], {
        env: { PATH: '/usr/bin:/bin' },
      });
      expect(status).toBe(2);
      runs += 1;
      await new Promise((done) => setImmediate(done));
    }
    expect((await ended)[0]).toBe(0);
    expect(runs).toBeGreaterThan(20);
  });
});
