import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type CleanupParts,
  type CleanupReport,
  cleanUp,
} from '../../src/app/retention/clean-up.ts';
import { openUpToDate } from '../../src/app/store/up-to-date.ts';
import { openDatabase } from '../../src/store/database.ts';
import { readContents } from '../../src/store/queries/overview.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState, spoolWhole } from '../support/state.ts';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const DAY_MS = 86_400_000;

const iso = (ms: number): string => new Date(ms).toISOString();

/** A state directory with this many old executions of 20 kB each, and one of today. */
function aState(old: number) {
  const state = freshState();
  const body = new Uint8Array(20_000);
  const payloads = [{ stream: 'stdin', encoding: 'identity', truncated: false, body } as const];
  writeExecutions(state.paths.database, [
    ...Array.from({ length: old }, (_, index) =>
      recordedOf(anExecution({ createdAt: iso(NOW - 9 * DAY_MS + index) }), payloads),
    ),
    recordedOf(anExecution({ createdAt: iso(NOW - 1000) }), payloads),
  ]);
  return state;
}

/** As the command does. */
async function cleaned(
  paths: CleanupParts['paths'],
  changes: Partial<CleanupParts> = {},
): Promise<CleanupReport> {
  const { now = (): number => NOW } = changes;
  const store = openUpToDate(paths, now);
  const pause = (): Promise<void> => Promise.resolve();
  const beforeMs = NOW - 7 * DAY_MS;
  try {
    return await cleanUp({ store, paths, beforeMs, isDryRun: false, now, pause, ...changes });
  } finally {
    store?.close();
  }
}

function contentsOf(path: string) {
  const db = openDatabase(path, 0);
  const contents = readContents(db);
  db.close();
  return contents;
}

it('deletes expired executions and returns the space', async () => {
  const { paths } = aState(150);
  const report = await cleaned(paths);
  expect(report).toMatchObject({
    dry_run: false,
    before: iso(NOW - 7 * DAY_MS),
    executions: 150,
    payloads: 150,
  });
  expect(report.bytes_before).toBeGreaterThan(3_000_000);
  expect(report.bytes_after).toBeLessThan(300_000);
  expect(report.bytes_freed).toBe(report.bytes_before - report.bytes_after);
  expect(contentsOf(paths.database)).toMatchObject({ executions: 1, withPayloads: 1 });
});

it('reports what it would delete, and changes nothing, on a dry run', async () => {
  const { paths } = aState(20);
  const before = contentsOf(paths.database);
  const report = await cleaned(paths, { isDryRun: true });
  expect(report).toMatchObject({ dry_run: true, executions: 20, payloads: 20, bytes_freed: 0 });
  expect(contentsOf(paths.database)).toEqual(before);
});

it('works in turns, and lets others have the database between them', async () => {
  const { paths } = aState(120);
  let clockMs = NOW;
  const left: number[] = [];
  // Every turn seems to take 100 ms, so each may do a fifth of the one before.
  await cleaned(paths, {
    now: () => {
      clockMs += 100;
      return clockMs;
    },
    beforeMs: NOW,
    pause: () => {
      const other = openDatabase(paths.database, 0);
      other.exec("INSERT INTO notices VALUES ('spool', hex(randomblob(8)), 1, '9', '9')");
      left.push(readContents(other).executions);
      other.close();
      return Promise.resolve();
    },
  });
  // The turns before counted the rows to delete.
  const deleting = left.slice(left.findIndex((executions) => executions < 121));
  expect(deleting.slice(0, 4)).toEqual([71, 61, 59, 58]);
  expect(left.at(-1)).toBe(0);
});

it('ingests the spool first, so that waiting executions are checked too', async () => {
  const { paths } = freshState();
  spoolWhole(paths, { createdAtMs: NOW - 30 * DAY_MS });
  spoolWhole(paths, { createdAtMs: NOW - DAY_MS });
  expect(await cleaned(paths)).toMatchObject({ executions: 1 });
  expect(contentsOf(paths.database).executions).toBe(1);
});

it('removes unreadable records of that age, and keeps younger ones', async () => {
  const { paths } = aState(0);
  mkdirSync(paths.quarantine, { recursive: true });
  const [old, young] = [join(paths.quarantine, 'old.rec'), join(paths.quarantine, 'young.rec')];
  for (const path of [old, young]) writeFileSync(path, 'x');
  utimesSync(old, 0, 0);
  expect(await cleaned(paths, { isDryRun: true })).toMatchObject({
    unreadable_records: 1,
  });
  expect(existsSync(old)).toBe(true);
  expect(await cleaned(paths)).toMatchObject({ unreadable_records: 1 });
  expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
});

describe('copies of private data', () => {
  const touch = (path: string): void => writeFileSync(path, 'x');
  const stamp = (ms: number): string => iso(ms).replace(/[-:]|\.\d+/g, '');
  const OLD = stamp(NOW - 8 * DAY_MS);
  const YOUNG = stamp(NOW - 6 * DAY_MS);

  it('deletes quarantined databases with their side files, and keeps younger and other files', async () => {
    const { paths } = aState(0);
    const old = [`corrupt-${OLD}`, `corrupt-${OLD}-wal`, `corrupt-${OLD}-shm`, `corrupt-${OLD}-2`];
    const kept = [`corrupt-${YOUNG}`, `corrupt-${YOUNG}-wal`, 'corrupt-by-hand'];
    for (const name of [...old, ...kept]) touch(`${paths.database}.${name}`);
    const dry = await cleaned(paths, { isDryRun: true });
    expect(dry.corrupt_databases).toBe(2);
    expect(existsSync(`${paths.database}.corrupt-${OLD}`)).toBe(true);
    expect((await cleaned(paths)).corrupt_databases).toBe(2);
    const left = readdirSync(paths.home).filter((name) => name.includes('.corrupt-'));
    expect(left.sort()).toEqual(kept.map((name) => `hook_bus.db.${name}`).sort());
  });

  it('deletes backups of settings, but keeps the first and last of a wrapped file', async () => {
    const { paths } = aState(0);
    const target = join(paths.home, 'settings.json');
    touch(target);
    const backups = (path: string, isInstalled: boolean) => {
      const own = join(
        paths.settings,
        isInstalled ? 'installed' : path === target ? 'done' : 'gone',
      );
      mkdirSync(own, { recursive: true });
      for (const [index, time] of [OLD, OLD, OLD, YOUNG].entries())
        touch(join(own, `${time}-0000000${index}-settings.json`));
      const entry = { path, agent: 'claude', scope: 'user', enabled: null };
      if (isInstalled || path !== target)
        writeFileSync(join(own, 'installed.json'), JSON.stringify(entry));
      return () =>
        readdirSync(own)
          .map((name) => name.slice(0, 25))
          .sort();
    };
    const installed = backups(target, true);
    const uninstalled = backups(target, false);
    const gone = backups(join(paths.home, 'no-such.json'), false);
    const report = await cleaned(paths);
    expect(report.settings_backups).toBe(2 + 3 + 3);
    expect(installed()).toEqual([`${OLD}-00000000`, `${YOUNG}-00000003`, 'installed.json']);
    expect(uninstalled()).toEqual([`${YOUNG}-00000003`]);
    expect(gone()).toEqual([`${YOUNG}-00000003`, 'installed.json']);
    await cleaned(paths, { beforeMs: NOW });
    expect(uninstalled()).toEqual([]);
    expect(installed()).toHaveLength(3);
  });

  it('deletes outputs under an expired key when any command runs, with or without retention', async () => {
    const { paths } = aState(1);
    const db = openDatabase(paths.database, 0);
    db.prepare(
      `INSERT INTO dedupe_keys (dedupe_key, hook_name, execution_id, state, stdout, created_at, expires_at)
       VALUES ('k', 'h', 'e', 'done', 'secret', '', ?)`,
    ).run(iso(NOW - 1));
    db.close();
    openUpToDate(paths, () => NOW)?.close();
    expect(contentsOf(paths.database).executions).toBe(2);
    const after = openDatabase(paths.database, 0);
    expect(after.prepare('SELECT count(*) FROM dedupe_keys').pluck().get()).toBe(0);
    after.close();
  });

  it('leaves almost nothing of deleted rows in the file', async () => {
    const { paths } = freshState();
    const secret = (index: number) => `SECRET-${String(index).padStart(4, '0')}-`;
    const bodyOf = (index: number) => Buffer.from(secret(index).repeat(1 + (index % 40) * 30));
    const rows = (count: number, first: number, createdAt: string) =>
      Array.from({ length: count }, (_, index) => {
        const body = bodyOf(first + index);
        const payload = { stream: 'stdin', encoding: 'identity', truncated: false, body } as const;
        const command = `echo ${secret(first + index)}`;
        return recordedOf(anExecution({ createdAt, command }), [payload]);
      });
    for (let turn = 0; turn < 8; turn += 1) {
      writeExecutions(paths.database, [
        ...rows(30, turn * 30, iso(NOW - 9 * DAY_MS)),
        ...rows(3, 5000 + turn * 3, iso(NOW - 1000)),
      ]);
    }
    await cleaned(paths);
    const bytes = Buffer.concat([
      readFileSync(paths.database),
      existsSync(`${paths.database}-wal`) ? readFileSync(`${paths.database}-wal`) : Buffer.alloc(0),
    ]);
    const left = Array.from({ length: 240 }, (_, index) => secret(index)).filter((text) =>
      bytes.includes(text),
    );
    // Without secure_delete it is 49. A row that moved within a page while rows were added may leave a copy.
    expect(left.length).toBeLessThanOrEqual(4);
    expect(bytes.includes(secret(5000))).toBe(true);
  });
});

it('does nothing, and creates nothing, if nothing was ever recorded', async () => {
  const { home, paths } = freshState();
  expect(await cleaned(paths)).toMatchObject({ executions: 0, bytes_before: 0 });
  expect(existsSync(home)).toBe(false);
});
