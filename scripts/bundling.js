/* Options that the bundles share. */

/** For esbuild: CommonJS for the oldest supported Node. */
export const BUNDLE = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  minify: true,
  logLevel: 'warning',
  // The CommonJS form of jsonc-parser does not bundle.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
};

/** Outside the bundles of the commands and the page. Only unused functions of the sketch package load protobufjs. */
export const OUTSIDE = ['better-sqlite3', 'protobufjs/minimal', '*/dashboard.cjs'];
