/* How the bundles are made. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';

/** For esbuild: CommonJS for the oldest supported Node. */
export const BUNDLE = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  minify: true,
  logLevel: 'warning',
  alias: {
    // The CommonJS form does not bundle.
    'jsonc-parser': 'jsonc-parser/lib/esm/main.js',
    // The form for Node loads its threads, which take milliseconds and which nobody here uses.
    fflate: './node_modules/fflate/esm/browser.js',
  },
};

/** Outside the bundles of the commands and the page. Only unused functions of the sketch package load protobufjs. */
export const OUTSIDE = ['protobufjs/minimal', '*/dashboard.cjs'];

/** For esbuild: bundles that work without better-sqlite3. */
export const WITHOUT_SQLITE = {
  alias: { ...BUNDLE.alias, 'better-sqlite3': './scripts/optional-sqlite.js' },
  // In CommonJS, the file has another name for itself.
  logOverride: { 'empty-import-meta': 'silent' },
};

/** Makes functions of source files that load their bundle at the first call: `{ BUNDLE: { entry, names } }`. */
export const late = (bundles) => ({
  name: 'late',
  setup({ onLoad }) {
    for (const [name, { entry, names }] of Object.entries(bundles)) {
      const contents = names
        .map((of) => `export const ${of} = (...given) => require('./${name}.cjs').${of}(...given);`)
        .join('\n');
      onLoad({ filter: new RegExp(`/${entry.replaceAll('.', '\\.')}$`) }, () => ({ contents }));
    }
  },
});

/** For esbuild, the bundles that `late` loads. */
export const lateEntries = (bundles) =>
  Object.fromEntries(Object.entries(bundles).map(([name, { entry }]) => [name, entry]));
export const lateFiles = (bundles) => Object.keys(bundles).map((name) => `./${name}.cjs`);

/**
 * Bundles to `outdir`. The files are pure ASCII: they are read as Latin-1, which is faster, and V8 takes compiled code only
 * for a source of the same length. esbuild escapes strings; what it leaves is in regular expressions, which take escapes.
 */
export async function bundle(options) {
  const { outputFiles } = await build({ ...BUNDLE, ...options, write: false });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.replace(/[^\0-\x7f]/g, escaped));
  }
}

const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
