/*
 * Makes dist/new/run.cjs, the bundle of the hot path, from src/cli/run.ts. It is smaller than its sources:
 *  - It contains better-sqlite3's JavaScript. The native part is loaded from where npm put it, without a search, or from
 *    where bin/executable.js has it.
 *  - It omits what execa needs for its synchronous form and for its options `ipc` and `verbose`, which `run` does not use.
 *    Above all, execa's list of process.stdin, stdout and stderr stays empty: looking at those opens them, and the list
 *    only serves to recognise them when they are given to a child, which `run` never does.
 *  - Redaction goes to dist/new/redaction.cjs.
 * Run from the root of the repository by make build.
 */
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { BUNDLE } from './bundling.js';

/** Replacements for files, found by the end of their path. The build fails if a replacement finds nothing to replace. */
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
 * Redaction has hundreds of rules, so it is a separate bundle: most executions store nothing that a rule has to check, and
 * the others need it only once the hook has ended.
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
    `expected to trim ${[...unused].map(({ path }) => path).join(', ')}, and found nothing to change there`,
  );
