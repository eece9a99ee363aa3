/*
 * Bundles src/cli/main.ts to dist/new/main.cjs, and each exporter that src/exporters/index.ts loads to
 * dist/new/exporters/: their packages are large, and only a daemon that has one switched on needs them. To be run from
 * the root of the repository: make build
 */
import { basename } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE, OUTSIDE } from './bundling.js';

const EXPORTER = /\/exporters\/([a-z]+)\.ts$|^\.\/([a-z]+)\.ts$/;
const found = new Set();

/** What is loaded of src/exporters/ when it is needed stays outside, as a bundle of its own beside this one. */
const apart = {
  name: 'exporters apart',
  setup({ onResolve }) {
    onResolve({ filter: EXPORTER }, ({ path, kind, importer }) => {
      const isOfExporters =
        path.includes('/exporters/') || /\/exporters\/index\.ts$/.test(importer);
      if (kind !== 'dynamic-import' || !isOfExporters) return undefined;
      const name = basename(path, '.ts');
      found.add(name);
      return { path: `./exporters/${name}.cjs`, external: true };
    });
  },
};

const common = {
  ...BUNDLE,
  // What cannot be bundled is loaded by `require`, which is at home in these bundles.
  supported: { 'dynamic-import': false },
};

await build({
  ...common,
  entryPoints: ['src/cli/main.ts'],
  outdir: 'dist/new',
  // For a kind of proxy that is not offered.
  external: [...OUTSIDE, 'kerberos'],
  // yargs asks where its own file is, for translations that the bundle does not have: any place without them will do.
  define: { 'import.meta.url': '"file:///C:/none/x/y/z"' },
  plugins: [apart],
});
if (found.size === 0) throw new Error('expected src/exporters/index.ts to load exporters');
await build({
  ...common,
  entryPoints: [...found].map((name) => `src/exporters/${name}.ts`),
  outdir: 'dist/new/exporters',
  external: ['unix-dgram'],
});
