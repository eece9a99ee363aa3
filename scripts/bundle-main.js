/*
 * Bundles src/cli/main.ts to dist/new/main.cjs, and each exporter that src/exporters/index.ts loads to
 * dist/new/exporters/: their packages are large, and only a daemon with that exporter needs them. Run from the root of the
 * repository by make build.
 */
import { basename } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE, OUTSIDE } from './bundling.js';

const EXPORTER = /\/exporters\/([a-z]+)\.ts$|^\.\/([a-z]+)\.ts$/;
const found = new Set();

/** Keeps what src/exporters/ loads on demand outside, in separate bundles beside this one. */
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
  // Code outside the bundle is loaded by `require`, which these bundles have.
  supported: { 'dynamic-import': false },
};

await build({
  ...common,
  entryPoints: ['src/cli/main.ts'],
  outdir: 'dist/new',
  // For kinds of proxy that HookBus does not offer.
  external: [...OUTSIDE, 'kerberos'],
  // yargs looks for translations beside its own file, which the bundle does not have. Any path without them will do.
  define: { 'import.meta.url': '"file:///C:/none/x/y/z"' },
  plugins: [apart],
});
if (found.size === 0) throw new Error('src/exporters/index.ts loads no exporters');
await build({
  ...common,
  entryPoints: [...found].map((name) => `src/exporters/${name}.ts`),
  outdir: 'dist/new/exporters',
  external: ['unix-dgram'],
});
