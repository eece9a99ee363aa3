/*
 * Prints the npm-shrinkwrap.json of the npm package: the entries of package-lock.json for the packages that users get, so
 * that they get the same versions with the same contents. In the checkout it would replace package-lock.json, so
 * scripts/pack-npm.sh only puts it into the package.
 */
import { readFileSync } from 'node:fs';

const { name, version, lockfileVersion, packages } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
);
const { devDependencies: _, ...root } = packages[''];
const used = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
for (const [path, { integrity }] of used) {
  if (integrity === undefined) throw new Error(`package-lock.json has no integrity of ${path}`);
}
const shrinkwrap = {
  ...{ name, version, lockfileVersion, requires: true },
  packages: { '': root, ...Object.fromEntries(used) },
};
console.log(JSON.stringify(shrinkwrap, null, 2));
