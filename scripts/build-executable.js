/*
 * Makes the self-contained executable: the Node that runs this script, the bundles of dist/ and better-sqlite3.
 * Run it from the root of the repository, after make build:
 *
 *   node scripts/build-executable.js release/hookbus-cli
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import sea from '@yao-pkg/pkg/lib-es5/sea.js';
import { BUNDLE, bundle } from './bundling.js';

const [output] = process.argv.slice(2);
const work = resolve('tmp/executable');

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
await bundle({
  entryPoints: { 'better-sqlite3': 'better-sqlite3' },
  outdir: work,
  alias: { ...BUNDLE.alias, bindings: './scripts/native-part.cjs' },
  external: ['better-sqlite3/package.json'],
});

// pkg runs npx and node in its temporary directory: they must be those of this checkout and the Node that runs this
// script.
process.env.TMPDIR = work;
process.env.PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
const system = { darwin: 'macos', win32: 'win' }[process.platform] ?? process.platform;
const target = { nodeRange: 'node', platform: system, arch: process.arch, output: resolve(output) };
const assets = {
  ...Object.fromEntries(
    ['run.cjs', 'run.cache', 'main.cjs', 'main.cache'].map((name) => [name, resolve('dist', name)]),
  ),
  // Loaded on demand, under the same names as in dist/.
  ...Object.fromEntries(
    [
      'redaction.cjs',
      'decisions.cjs',
      'wide-text.cjs',
      'dashboard.cjs',
      ...readdirSync('dist/exporters').map((name) => `exporters/${name}`),
    ].map((name) => [name, resolve('dist', name)]),
  ),
  'better-sqlite3.cjs': join(work, 'better-sqlite3.cjs'),
  'better_sqlite3.node': resolve('node_modules/better-sqlite3/build/Release/better_sqlite3.node'),
};
rmSync(target.output, { force: true });
await sea.default('bin/executable.js', {
  targets: [target],
  useLocalNode: true,
  signature: true,
  seaConfig: { assets, useCodeCache: true },
});

// pkg does not report a failure to insert the blob; the executable is then a plain Node.
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const { stdout, stderr } = spawnSync(target.output, ['--version'], { encoding: 'utf8' });
if (stdout !== `hookbus ${version}\n`)
  throw new Error(`${output} --version must print hookbus ${version}, got: ${stdout}${stderr}`);
console.log(
  `${output}: ${Math.round(statSync(target.output).size / 1e6)} MB, Node ${process.versions.node}`,
);
