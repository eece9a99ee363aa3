/*
 * Makes the self-contained command line: the Node that runs this script, with the bundles of dist/ and better-sqlite3.
 * Run it from the root of the repository, after make build:
 *
 *   node scripts/build-executable.js release/hookbus-cli
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import sea from '@yao-pkg/pkg/lib-es5/sea.js';
import { build } from 'esbuild';
import { BUNDLE } from './bundling.js';

/** Makes better-sqlite3 ask bin/executable.js for its native part, instead of searching where npm would have put it. */
const embeddedAddon = {
  name: 'embedded-addon',
  setup({ onLoad }) {
    onLoad({ filter: /\/bindings\/bindings\.js$/ }, () => ({
      contents: "module.exports = () => globalThis[Symbol.for('hookbus.addon')]();",
    }));
  },
};

const [output] = process.argv.slice(2);
const work = resolve('tmp/executable');

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
await build({
  ...BUNDLE,
  entryPoints: { 'better-sqlite3': 'better-sqlite3' },
  outdir: work,
  plugins: [embeddedAddon],
});

// pkg uses npx to run postject, and node to make the blob, from the directory of its temporary files. Give it this
// checkout's postject and the Node that runs this script.
process.env.TMPDIR = work;
process.env.PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
const system = { darwin: 'macos', win32: 'win' }[process.platform] ?? process.platform;
const target = { nodeRange: 'node', platform: system, arch: process.arch, output: resolve(output) };
const assets = {
  ...Object.fromEntries(
    ['run.cjs', 'run.cache', 'main.cjs', 'main.cache'].map((name) => [name, resolve('dist', name)]),
  ),
  // Loaded on demand, under the names that they have beside the others.
  ...Object.fromEntries(
    [
      'redaction.cjs',
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

// pkg does not report when the blob is missing from the executable, which is then a plain Node.
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const { stdout, stderr } = spawnSync(target.output, ['--version'], { encoding: 'utf8' });
if (stdout !== `hookbus ${version}\n`)
  throw new Error(
    `expected ${output} to say that it is hookbus ${version}, got: ${stdout}${stderr}`,
  );
console.log(
  `${output}: ${Math.round(statSync(target.output).size / 1e6)} MB, Node ${process.versions.node}`,
);
