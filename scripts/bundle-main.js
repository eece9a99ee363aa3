/*
 * Bundles src/cli/main.ts to dist/new/main.cjs, and each exporter that src/exporters/index.ts loads to
 * dist/new/exporters/. The packages of the exporters are large, and only a daemon that uses an exporter needs them. What
 * few commands need is loaded when they do.
 * Run it from the root of the repository: make build
 */
import { basename } from 'node:path';
import { bundle, late, lateEntries, lateFiles, OUTSIDE, WITHOUT_SQLITE } from './bundling.js';

const EXPORTER = /\/exporters\/([a-z]+)\.ts$|^\.\/([a-z]+)\.ts$/;
const found = new Set();

/** Dynamic imports of src/exporters/ stay outside: each exporter is a separate bundle beside this one. */
const separateExporters = {
  name: 'separate exporters',
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

const LATE = { 'wide-text': { entry: 'src/cli/output/wide-text.ts', names: ['wideColumns'] } };

/** What takes Node milliseconds to load, and many commands do not use: loaded at the first look at one of its parts. */
const HEAVY = [
  'crypto',
  'child_process',
  'net',
  'v8',
  'timers/promises',
  'stream',
  'stream/promises',
  'os',
  'util',
  'tty',
  'url',
];

/** Wraps the `require` of the bundle. */
const LAZILY = `require = ((load, heavy) => (name) => heavy.has(name) ? new Proxy({}, {
  get: (_, key) => load(name)[key],
  has: (_, key) => key in load(name),
  ownKeys: () => Reflect.ownKeys(load(name)),
  getOwnPropertyDescriptor: (_, key) => ({ ...Object.getOwnPropertyDescriptor(load(name), key), configurable: true }),
}) : load(name))(require, new Set(${JSON.stringify(HEAVY.map((name) => `node:${name}`))}));`;

const common = {
  // These bundles are CommonJS, so they load external packages by `require`.
  supported: { 'dynamic-import': false },
};

await bundle({
  ...common,
  ...WITHOUT_SQLITE,
  entryPoints: ['src/cli/main.ts'],
  outdir: 'dist/new',
  // Only for a kind of proxy that HookBus does not support.
  external: [...OUTSIDE, 'kerberos', ...lateFiles(LATE)],
  plugins: [separateExporters, late(LATE)],
  banner: { js: LAZILY },
});
await bundle({ ...common, entryPoints: lateEntries(LATE), outdir: 'dist/new' });
if (found.size === 0)
  throw new Error('src/exporters/index.ts must load exporters, but none was found');
await bundle({
  ...common,
  entryPoints: [...found].map((name) => `src/exporters/${name}.ts`),
  outdir: 'dist/new/exporters',
  external: ['unix-dgram'],
});
