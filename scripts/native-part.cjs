/*
 * What `better-sqlite3` gets in the bundles when it asks the package `bindings` for its native part: the executable's own
 * (bin/executable.js), or the file where npm put it, without the search that `bindings` makes.
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
