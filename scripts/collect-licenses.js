/*
 * Prints the licences of everything in the bundles and beside them: each package in them, and SQLite.
 * With --with-node also Node's licence, for the self-contained executable. Run it from the root of the repository.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE, OUTSIDE } from './bundling.js';

/** Where distributions of Node put its licence, relative to its prefix. */
const OF_NODE = ['LICENSE', 'share/doc/node/LICENSE', 'share/doc/nodejs/copyright'];

const { metafile } = await build({
  ...BUNDLE,
  // The page contains uplot unchanged.
  entryPoints: [
    'src/cli/run.ts',
    'src/cli/main.ts',
    'src/index.ts',
    'src/dashboard/dashboard.ts',
    'better-sqlite3',
    'uplot',
  ],
  outdir: 'unused',
  // Code that is kept outside one bundle is an entry point of another.
  external: [...OUTSIDE, 'unix-dgram'].filter((name) => name !== 'better-sqlite3'),
  define: { PAGE_FILES: '{}' },
  write: false,
  metafile: true,
  logLevel: 'error',
});

const packages = new Set(
  Object.keys(metafile.inputs).flatMap((path) => {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
    return folder === undefined ? [] : [folder];
  }),
);

const part = (title, text) =>
  console.log(`${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${text.trim()}\n`);

if (process.argv.includes('--with-node')) {
  const prefix = resolve(process.execPath, '../..');
  const ofNode = OF_NODE.map((place) => join(prefix, place)).find(existsSync);
  part(
    `Node.js ${process.versions.node}`,
    ofNode === undefined
      ? `https://github.com/nodejs/node/blob/v${process.versions.node}/LICENSE`
      : readFileSync(ofNode, 'utf8'),
  );
}
for (const folder of [...packages].sort()) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8'));
  part(
    `${name} ${version} (${license})`,
    texts.join('\n') || `No text comes with it: ${dirname(folder)}`,
  );
}
part('SQLite', 'SQLite is in the public domain: https://www.sqlite.org/copyright.html');
