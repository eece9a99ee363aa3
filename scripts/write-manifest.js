/*
 * Completes package.json of the npm package: the launcher packages of a version exist only once it is released.
 *
 *   node scripts/write-manifest.js PACKAGE LAUNCHERS    LAUNCHERS is the directory of the launcher packages
 *
 * Users get the versions of package-lock.json: the manifest names each package, those below others too, as an exact version.
 * There is no npm-shrinkwrap.json: npm installs everything that it names, the launchers of other systems too. pnpm, and npm
 * from a file, ignore it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [stage, directory] = process.argv.slice(2);
const file = join(stage, 'package.json');
/** These fields are for the checkout only. */
const { devDependencies: _, overrides: __, ...manifest } = JSON.parse(readFileSync(file, 'utf8'));

const launchers = readdirSync(directory)
  .sort()
  .flatMap((name) => {
    const [, system] = /^hookbus-((?:linux|darwin)-\w+)-.*\.tgz$/.exec(name) ?? [];
    return system === undefined ? [] : [[`@hookbus/${system}`, manifest.version]];
  });

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const others = Object.entries(packages)
  .filter(([path, { dev }]) => path !== '' && dev !== true)
  .map(([path, { version }]) => [path.split('node_modules/').at(-1), version]);
const optionalDependencies = Object.fromEntries([...others, ...launchers]);
if (Object.keys(optionalDependencies).length < others.length + launchers.length)
  throw new Error('package-lock.json has two versions of a package that users get');

writeFileSync(file, `${JSON.stringify({ ...manifest, optionalDependencies }, null, 2)}\n`);
