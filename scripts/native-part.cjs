/*
 * Replaces the package `bindings` in the bundles: gives `better-sqlite3` its native part, from the executable
 * (bin/executable.js) or from the file that npm installed, without the search that `bindings` makes.
 */
module.exports = (name) => {
  const embedded = globalThis[Symbol.for('hookbus.addon')];
  if (embedded !== undefined) return embedded();
  try {
    const addon = { exports: {} };
    process.dlopen(addon, `${__dirname}/../node_modules/better-sqlite3/build/Release/${name}`);
    return addon.exports;
  } catch {
    const manifest = require.resolve('better-sqlite3/package.json');
    const root = require('node:path').dirname(manifest);
    return require('node:module').createRequire(manifest)('bindings')({
      bindings: name,
      module_root: root,
    });
  }
};
