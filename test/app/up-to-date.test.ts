import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { requirePaths } from '../../src/app/store/open-store.ts';
import { openUpToDate } from '../../src/app/store/up-to-date.ts';
import { readSettings } from '../../src/config/settings.ts';
import { readContents } from '../../src/store/queries/overview.ts';
import {
  freshState,
  makeCorruptDatabase,
  makeDatabase,
  makeNewerDatabase,
  spoolRunning,
  spoolWhole,
} from '../support/state.ts';

it('creates nothing if nothing was ever recorded', () => {
  const { home, paths } = freshState();
  expect(openUpToDate(paths, Date.now)).toBeUndefined();
  expect(existsSync(home)).toBe(false);
  mkdirSync(paths.spool, { recursive: true });
  expect(openUpToDate(paths, Date.now)).toBeUndefined();
  expect(existsSync(paths.database)).toBe(false);
});

it('ingests what waits in the spool, and keeps what still runs', () => {
  const { paths } = freshState();
  spoolWhole(paths);
  spoolWhole(paths);
  spoolRunning(paths);
  const store = openUpToDate(paths, Date.now);
  expect(store?.ingestion).toMatchObject({ stored: 2, problem: undefined });
  expect(store?.use(readContents).executions).toBe(2);
  store?.close();
});

it('opens the database even if the spool cannot be ingested, and says why', () => {
  const { paths } = freshState();
  makeDatabase(paths);
  writeFileSync(paths.spool, 'a file where a directory should be');
  const store = openUpToDate(paths, Date.now);
  expect(store?.ingestion.problem).toContain('ENOTDIR');
  expect(store?.use(readContents).executions).toBe(0);
  store?.close();
});

it('names the path of a database that cannot be used, and the reason', () => {
  const { paths } = freshState();
  mkdirSync(paths.database, { recursive: true });
  expect(() => openUpToDate(paths, Date.now)).toThrow(
    expect.objectContaining({ code: 'E_DB', message: expect.stringContaining(paths.database) }),
  );
});

it('refuses a newer database and does not touch it', () => {
  const { paths } = freshState();
  makeNewerDatabase(paths);
  spoolWhole(paths);
  expect(() => openUpToDate(paths, Date.now)).toThrow(
    expect.objectContaining({ code: 'E_DB_NEWER' }),
  );
});

it('quarantines a corrupt database and continues with a new one', () => {
  const { paths } = freshState();
  makeCorruptDatabase(paths);
  const store = openUpToDate(paths, Date.now);
  expect(store?.use(readContents).executions).toBe(0);
  store?.close();
});

it('asks for HOOKBUS_HOME if there is no state directory', () => {
  expect(() => requirePaths(readSettings({}))).toThrow(
    expect.objectContaining({ code: 'E_NO_HOME' }),
  );
});
