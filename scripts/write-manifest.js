/*
 * Completes package.json and npm-shrinkwrap.json of the npm package. In a checkout the shrinkwrap would override
 * package-lock.json, and the launcher packages of a version exist only once it is released.
 *
 *   node scripts/write-manifest.js PACKAGE LAUNCHERS    LAUNCHERS is the directory of the launcher packages
 *
 * The shrinkwrap has the entries of package-lock.json for the packages that users get, and the hash of each launcher
 * package, so that users get exactly these.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [stage, directory] = process.argv.slice(2);
const { name, version, lockfileVersion, packages } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
);

const launchers = readdirSync(directory)
  .sort()
  .flatMap((file) => {
    const [, os, cpu] = /^hookbus-(linux|darwin)-(\w+)-.*\.tgz$/.exec(file) ?? [];
    if (os === undefined) return [];
    const hash = createHash('sha512').update(readFileSync(join(directory, file)));
    const integrity = `sha512-${hash.digest('base64')}`;
    return [{ name: `@hookbus/${os}-${cpu}`, os: [os], cpu: [cpu], integrity }];
  });

/** These fields are for the checkout only, and would contradict the shrinkwrap. */
const {
  devDependencies: _,
  overrides: __,
  ...manifest
} = JSON.parse(readFileSync(join(stage, 'package.json'), 'utf8'));
const { devDependencies: ___, ...root } = packages[''];
for (const each of launchers)
  for (const part of [manifest, root]) part.optionalDependencies[each.name] = version;

const used = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
for (const [path, { integrity }] of used)
  if (integrity === undefined) throw new Error(`package-lock.json has no integrity for ${path}`);
const ofLaunchers = launchers.map(({ name: of, ...rest }) => [
  `node_modules/${of}`,
  { version, ...rest, license: root.license, optional: true },
]);
const shrinkwrap = {
  ...{ name, version, lockfileVersion, requires: true },
  packages: { '': root, ...Object.fromEntries([...used, ...ofLaunchers]) },
};
for (const [file, text] of Object.entries({
  'package.json': manifest,
  'npm-shrinkwrap.json': shrinkwrap,
}))
  writeFileSync(join(stage, file), `${JSON.stringify(text, null, 2)}\n`);
