/* The settings that all bundles share; each script adds its own. */

/** Options for esbuild: CommonJS for the oldest Node that HookBus supports. */
export const BUNDLE = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  minify: true,
  logLevel: 'warning',
  // The other form, for Node's require, cannot be bundled.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
};

/** Not part of the bundles of the commands and the page. Only unused functions of the sketch package would load protobufjs. */
export const OUTSIDE = ['better-sqlite3', 'protobufjs/minimal', '*/dashboard.cjs'];
