import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

const SQLITE = fileURLToPath(new URL('src/store/sqlite/sqlite.ts', import.meta.url));

/** What src/ gets is better-sqlite3 without its native part. Tests that open a database themselves get what src/ opens. */
const MODULES: Record<string, string> = {
  missing: `export default class {
    constructor() { throw new Error('Could not locate the bindings file.'); }
  }`,
  opener: `import { openSqlite } from ${JSON.stringify(SQLITE)};
  export default function (path, given) { return openSqlite(path, { timeout: 5000, ...given }); }`,
};

/** The tests of the store, with Node's own SQLite; test/store/node-sqlite.test.ts runs them. */
export default defineConfig({
  plugins: [
    {
      name: 'better-sqlite3 without its native part',
      enforce: 'pre',
      resolveId: (source, importer) => {
        if (source !== 'better-sqlite3') return undefined;
        return `\0${importer === SQLITE ? 'missing' : 'opener'}`;
      },
      load: (id) => MODULES[id.slice(1)],
    },
  ],
  test: {
    ...base.test,
    projects: undefined,
    include: [
      'test/store/**/*.test.ts',
      'test/app/alerts/*.test.ts',
      'test/app/{clean-up,dedupe,expire-steps,find-execution,ingest,listed-executions,read-series,read-status,roll-up,up-to-date}.test.ts',
    ],
    exclude: ['test/store/node-sqlite.test.ts'],
    testTimeout: 300_000,
    maxWorkers: 2,
  },
});
