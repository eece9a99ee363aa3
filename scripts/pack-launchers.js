/*
 * Makes the npm packages that contain a launcher, one for each system:
 *
 *   node scripts/pack-launchers.js OUTPUT SYSTEM=LAUNCHER=LICENCES...
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const { version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
const [output, ...launchers] = process.argv.slice(2);

function write(stage, system, launcher, licences) {
  const [os, cpu] = system.split('-');
  const manifest = {
    name: `@hookbus/${system}`,
    version,
    description: `The launcher of hookbus for ${system}`,
    license,
    os: [os],
    cpu: [cpu],
    // Yarn would keep the package in an archive, from which nothing can be started.
    preferUnplugged: true,
  };
  mkdirSync(join(stage, 'bin'), { recursive: true });
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(
    join(stage, 'README.md'),
    `# @hookbus/${system}\n\nThe launcher of HookBus for ${system}: the program that runs your hooks. The package \`hookbus\` installs it.\n`,
  );
  copyFileSync('LICENSE', join(stage, 'LICENSE'));
  copyFileSync(licences, join(stage, 'LICENSE-of-parts'));
  copyFileSync(launcher, join(stage, 'bin', 'hookbus'));
  chmodSync(join(stage, 'bin', 'hookbus'), 0o755);
}

const work = mkdtempSync(join(tmpdir(), 'hookbus-pack-'));
try {
  const stages = launchers.map((words) => {
    const [system, launcher, licences] = words.split('=');
    const stage = join(work, system);
    write(stage, system, launcher, licences);
    return stage;
  });
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', resolve(output)];
  const { status, stderr } = spawnSync('npm', [...words, ...stages], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm pack ended with ${status}: ${stderr}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
