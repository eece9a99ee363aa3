import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openForCommand, requirePaths } from '../../src/app/store/open-for-command.ts';
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

it('makes nothing where nothing was ever recorded', () => {
  const { home, paths } = freshState();
  expect(openForCommand(paths, Date.now)).toBeUndefined();
  expect(existsSync(home)).toBe(false);
  mkdirSync(paths.spool, { recursive: true });
  expect(openForCommand(paths, Date.now)).toBeUndefined();
  expect(existsSync(paths.database)).toBe(false);
});

it('takes in what waits in the spool, and leaves what still runs', () => {
  const { paths } = freshState();
  spoolWhole(paths);
  spoolWhole(paths);
  spoolRunning(paths);
  const store = openForCommand(paths, Date.now);
  expect(store?.ingested).toMatchObject({ stored: 2, unreadable: 0 });
  expect(store?.ingestProblem).toBeUndefined();
  expect(store?.use(readContents).executions).toBe(2);
  store?.close();
});

it('opens the database also where the spool cannot be drained, and says why', () => {
  const { paths } = freshState();
  makeDatabase(paths);
  writeFileSync(paths.spool, 'a file where a directory should be');
  const store = openForCommand(paths, Date.now);
  expect(store?.ingestProblem).toContain('ENOTDIR');
  expect(store?.use(readContents).executions).toBe(0);
  store?.close();
});

it('tells a database that cannot be used by its path and the reason', () => {
  const { paths } = freshState();
  mkdirSync(paths.database, { recursive: true });
  expect(() => openForCommand(paths, Date.now)).toThrow(
    expect.objectContaining({ code: 'E_DB', message: expect.stringContaining(paths.database) }),
  );
});

it('refuses a newer database and leaves it alone', () => {
  const { paths } = freshState();
  makeNewerDatabase(paths);
  spoolWhole(paths);
  expect(() => openForCommand(paths, Date.now)).toThrow(
    expect.objectContaining({ code: 'E_DB_NEWER' }),
  );
});

it('sets a corrupt database aside and goes on with a fresh one', () => {
  const { paths } = freshState();
  makeCorruptDatabase(paths);
  const store = openForCommand(paths, Date.now);
  expect(store?.use(readContents).executions).toBe(0);
  store?.close();
});

it('asks for a home where nothing says where the state directory is', () => {
  expect(() => requirePaths(readSettings({}))).toThrow(
    expect.objectContaining({ code: 'E_NO_HOME' }),
  );
});
