/* What the bundles have in common; each script says what is its own. */

/** For esbuild: CommonJS for the oldest Node that HookBus runs on. */
export const BUNDLE = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  minify: true,
  logLevel: 'warning',
  // Its other form, for Node's require, does not bundle.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
};

/** Not in the bundles of the commands and the page. protobufjs would be loaded by functions of the sketch package that nobody here calls. */
export const OUTSIDE = ['better-sqlite3', 'protobufjs/minimal', '*/dashboard.cjs'];
