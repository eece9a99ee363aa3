/*
 * Makes dist/new/run.cjs, the bundle of the hot path, from src/cli/run.ts, and trims it:
 *  - It contains the JavaScript of better-sqlite3, which loads its native part from where npm put it without searching,
 *    or from bin/executable.js.
 *  - It omits what the synchronous form of execa and its options `ipc` and `verbose` need: a run uses none of them. The
 *    list of process.stdin, stdout and stderr in execa is empty, because reading these properties opens the streams. execa
 *    only uses the list to recognize them as streams of a child, which a run never does.
 *  - Redaction is a separate bundle, dist/new/redaction.cjs.
 * Run it from the root of the repository: make build
 */
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { BUNDLE } from './bundling.js';

/** Replaces the text of a file, found by the end of its path. The build fails if a replacement changes nothing. */
const REPLACEMENTS = [
  {
    path: /\/execa\/lib\/utils\/standard-stream\.js$/,
    change: (text) => text.replace('[process.stdin, process.stdout, process.stderr]', '[]'),
  },
  {
    path: /\/execa\/lib\/ipc\/ipc-input\.js$/,
    change: (text) =>
      text
        .replace("import {serialize} from 'node:v8';", '')
        .replace('serialize(ipcInput)', "process.getBuiltinModule('node:v8').serialize(ipcInput)"),
  },
  {
    path: /\/execa\/lib\/verbose\/default\.js$/,
    change: (text) =>
      text
        .replace("import figures from 'figures';", 'const figures = {};')
        .replace(/import \{([^}]*)\} from 'yoctocolors';/, (_, names) =>
          names
            .split(',')
            .map((name) => name.trim())
            .filter((name) => name !== '')
            .map((name) => `const ${name.replace(/.* as /, '')} = (text) => text;`)
            .join('\n'),
        ),
  },
  {
    path: /\/execa\/lib\/stdio\/native\.js$/,
    change: (text) =>
      text
        .replace("import tty from 'node:tty';", '')
        .replaceAll('tty.isatty', "process.getBuiltinModule('node:tty').isatty"),
  },
  {
    path: /\/execa\/lib\/terminate\/signal\.js$/,
    change: (text) =>
      text.replace("import {signalsByName} from 'human-signals';", 'const signalsByName = {};'),
  },
  {
    path: /\/execa\/lib\/methods\/main-sync\.js$/,
    change: () => 'export const execaCoreSync = undefined;',
  },
  {
    path: /\/execa\/lib\/ipc\/methods\.js$/,
    change: () => `export const addIpcMethods = () => {};
export const getIpcExport = () => ({});`,
  },
  {
    path: /\/bindings\/bindings\.js$/,
    change: () => `module.exports = (name) => {
  const embedded = globalThis[Symbol.for('hookbus.addon')];
  if (embedded !== undefined) return embedded();
  try {
    const addon = { exports: {} };
    process.dlopen(addon, __dirname + '/../node_modules/better-sqlite3/build/Release/' + name);
    return addon.exports;
  } catch {
    const manifest = require.resolve('better-sqlite3/package.json');
    const root = require('node:path').dirname(manifest);
    return require('node:module').createRequire(manifest)('bindings')({ bindings: name, module_root: root });
  }
};`,
  },
];

/**
 * Redaction with its hundreds of rules is a separate bundle: most runs store nothing that a rule must check, and the
 * others need the rules only after the hook has finished.
 */
const REDACTION = 'src/redaction/redact-text.ts';
REPLACEMENTS.push({
  path: /\/src\/redaction\/redact-text\.ts$/,
  change: () => `const rules = () => require('./redaction.cjs');
export const redactByRules = (text, cut) => rules().redactByRules(text, cut);
export const withoutCutKey = (text) => rules().withoutCutKey(text);`,
});

const unused = new Set(REPLACEMENTS);

const trim = {
  name: 'trim',
  setup({ onLoad }) {
    for (const replacement of REPLACEMENTS)
      onLoad({ filter: replacement.path }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const contents = replacement.change(text);
        if (contents !== text) unused.delete(replacement);
        return { contents, loader: 'js' };
      });
  },
};

await build({
  ...BUNDLE,
  entryPoints: ['src/cli/run.ts'],
  outdir: 'dist/new',
  external: ['better-sqlite3/package.json', './redaction.cjs'],
  plugins: [trim],
});
await build({ ...BUNDLE, entryPoints: { redaction: REDACTION }, outdir: 'dist/new' });
if (unused.size > 0)
  throw new Error(
    `nothing to trim in ${[...unused].map(({ path }) => path).join(', ')}: update its replacement`,
  );
