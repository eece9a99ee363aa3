/*
 * Prints the licences of the packages in the bundles, and of SQLite. With --with-node also the licence of Node, which
 * is in the self-contained executable. Run it from the root of the repository.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { bundledFolders } from './bundled-packages.js';

/** Where Node distributions put the licence, relative to the prefix. */
const OF_NODE = ['LICENSE', 'share/doc/node/LICENSE', 'share/doc/nodejs/copyright'];

const part = (title, text) =>
  console.log(`${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${text.trim()}\n`);

if (process.argv.includes('--with-node')) {
  const prefix = resolve(process.execPath, '../..');
  const ofNode = OF_NODE.map((place) => join(prefix, place)).find(existsSync);
  part(
    `Node.js ${process.versions.node}`,
    ofNode === undefined
      ? `https://github.com/nodejs/node/blob/v${process.versions.node}/LICENSE`
      : readFileSync(ofNode, 'utf8'),
  );
}
for (const folder of await bundledFolders()) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8'));
  part(
    `${name} ${version} (${license})`,
    texts.join('\n') || `The package has no licence text: ${dirname(folder)}`,
  );
}
part('SQLite', 'SQLite is in the public domain: https://www.sqlite.org/copyright.html');
