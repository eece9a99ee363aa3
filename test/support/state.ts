import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type StatePaths, statePaths } from '../../src/config/home/paths.ts';
import { makeStateHome } from '../../src/config/home/state-home.ts';
import { readSettings, type Settings } from '../../src/config/settings.ts';
import type { Begin, End } from '../../src/domain/record.ts';
import { encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { openDatabase } from '../../src/store/database.ts';
import { aBegin, anEnd } from './records.ts';
import { temporaryDirectory } from './temporary.ts';

/** The path of a new state directory, which does not exist yet. */
export function freshState(): { readonly home: string; readonly paths: StatePaths } {
  const home = join(temporaryDirectory(), 'state');
  return { home, paths: statePaths(home) };
}

/** Makes a state directory that is trusted without HOME, because tests have none by default. */
export function makeState(home: string, env: Readonly<Record<string, string>> = {}): string {
  const stamp = lstatSync(join(home, 'stamp'), { throwIfNoEntry: false });
  if (stamp === undefined) makeStateHome(home, env);
  return home;
}

/** The settings of a shell with only these variables. */
export function settingsOf(home: string, env: Readonly<Record<string, string>> = {}): Settings {
  return readSettings({ HOOKBUS_HOME: home, ...env });
}

/** A database of a future version. */
export function makeNewerDatabase(paths: StatePaths): void {
  makeDatabase(paths);
  const db = openDatabase(paths.database, 0);
  db.pragma('user_version = 99');
  db.close();
}

/** An empty database. */
export function makeDatabase(paths: StatePaths): void {
  makeState(paths.home);
  openDatabase(paths.database, 0).close();
}

/** A file with the database's name that is not a database. */
export function makeCorruptDatabase(paths: StatePaths): void {
  makeState(paths.home);
  writeFileSync(paths.database, 'no database, but long enough to be taken for one. '.repeat(99));
}

/** Leaves a record in the spool, like an engine that could not write to the database. */
export function spoolWhole(
  paths: StatePaths,
  begin: Partial<Begin> = {},
  end: Partial<End> = {},
): string {
  const whole = aBegin(begin);
  makeState(paths.home);
  createSpool(paths.spool, paths.quarantine).finish(
    whole.executionId,
    encodeBegin(whole),
    encodeEnd(anEnd(end)),
  );
  return whole.executionId;
}

/** Leaves the begin of a record in the spool, like this process as the engine of a running hook. */
export function spoolRunning(paths: StatePaths, begin: Partial<Begin> = {}): string {
  makeState(paths.home);
  const part = aBegin({ pid: process.pid, pidStart: 0, ...begin });
  createSpool(paths.spool, paths.quarantine).begin(part.executionId, encodeBegin(part));
  return part.executionId;
}
