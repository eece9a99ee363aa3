/*
 * Replaces the package `bindings` in the bundles: gives `better-sqlite3` its native part, from the file that npm
 * installed, without the search that `bindings` makes.
 */
module.exports = (name) => {
  try {
    const addon = { exports: {} };
    process.dlopen(addon, `${__dirname}/../node_modules/better-sqlite3/build/Release/${name}`);
    return addon.exports;
  } catch {
    // A bundle with compiled code has a `require` without `resolve`.
    const { createRequire } = require('node:module');
    const manifest = createRequire(__filename).resolve('better-sqlite3/package.json');
    return createRequire(manifest)('bindings')({
      bindings: name,
      module_root: require('node:path').dirname(manifest),
    });
  }
};
