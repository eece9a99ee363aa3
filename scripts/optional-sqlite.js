/*
 * Replaces the package better-sqlite3 in the bundles of commands, page and library: loads it at the first database,
 * because npm leaves it out where it does not compile. The store then takes Node's own SQLite.
 */
import { createRequire } from 'node:module';

const load = createRequire(typeof __filename === 'string' ? __filename : import.meta.url);

// biome-ignore lint/style/noDefaultExport: it replaces the default export of the package.
export default function Sqlite(...given) {
  const Loaded = load('better-sqlite3');
  return new Loaded(...given);
}
