/*
 * Prints the licences of the packages in the bundles, and of SQLite. Run it from the root of the repository:
 *
 *   node scripts/collect-licenses.js [TITLE=FILE...]    also the licence in each file, for another part
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE, OUTSIDE } from './bundling.js';

const { metafile } = await build({
  ...BUNDLE,
  // The page contains uplot.
  entryPoints: [
    'src/cli/run.ts',
    'src/cli/main.ts',
    'src/index.ts',
    'src/dashboard/dashboard.ts',
    'better-sqlite3',
    'uplot',
  ],
  outdir: 'unused',
  // The separate bundles are entry points here, or are part of one.
  external: [...OUTSIDE, 'unix-dgram'],
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

for (const other of process.argv.slice(2)) {
  const [title, file] = other.split('=');
  part(title, readFileSync(file, 'utf8'));
}
for (const folder of [...packages].sort()) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8'));
  part(
    `${name} ${version} (${license})`,
    texts.join('\n') || `The package has no licence text: ${dirname(folder)}`,
  );
}
part('SQLite', 'SQLite is in the public domain: https://www.sqlite.org/copyright.html');
