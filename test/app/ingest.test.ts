import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ingestSpool } from '../../src/app/recording/ingest.ts';
import { createRecorder } from '../../src/app/recording/recorder.ts';
import { createStoreHandle } from '../../src/app/store/store-handle.ts';
import { statePaths } from '../../src/config/home/paths.ts';
import { processStart } from '../../src/os/process.ts';
import { encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { aBegin, anEnd } from '../support/records.ts';
import { recordsIn } from '../support/spooled.ts';
import { temporaryDirectory } from '../support/temporary.ts';

function aBus() {
  const home = temporaryDirectory();
  const databasePath = join(home, 'hook_bus.db');
  const spoolDirectory = join(home, 'spool');
  const spool = createSpool(spoolDirectory, join(spoolDirectory, 'unreadable'));
  const db = openDatabase(databasePath, 100);
  const writer = createExecutionWriter(db);
  const rows = (): Record<string, unknown>[] =>
    db.prepare('SELECT * FROM hook_logs ORDER BY id').all() as Record<string, unknown>[];
  return {
    home,
    databasePath,
    paths: statePaths(home),
    spoolDirectory,
    spool,
    db,
    writer,
    rows,
    drain: () => ingestSpool(spool, writer, Date.now),
  };
}

/** The id and start time of a process that has ended. */
function deadProcess() {
  const { pid } = spawnSync('true');
  return { pid, pidStart: 1 };
}

describe('ingesting the spool', () => {
  it('stores complete records in the order in which they ended, and removes them', () => {
    const { spool, rows, drain, spoolDirectory } = aBus();
    const begins = [aBegin(), aBegin(), aBegin()];
    for (const begin of begins) {
      spool.begin(begin.executionId, encodeBegin(begin));
      spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(anEnd()));
    }
    expect(drain()).toMatchObject({ stored: 3, unreadable: 0 });
    expect(rows().map((row) => row['execution_id'])).toEqual(
      begins.map((begin) => begin.executionId),
    );
    expect(recordsIn(spoolDirectory)).toEqual([]);
  });

  it('stores a record once if it is ingested twice', () => {
    const { spool, rows, drain } = aBus();
    const begin = aBegin();
    for (let time = 0; time < 2; time += 1) {
      spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(anEnd()));
      drain();
    }
    expect(rows()).toHaveLength(1);
  });

  it('keeps the part of a running process', () => {
    const { spool, rows, drain, spoolDirectory } = aBus();
    const begin = aBegin({ pid: process.pid, pidStart: processStart() });
    spool.begin(begin.executionId, encodeBegin(begin));
    expect(drain().stored).toBe(0);
    expect(rows()).toHaveLength(0);
    expect(recordsIn(spoolDirectory)).toMatchObject([{ name: `${begin.executionId}.part` }]);
  });

  it('records a part whose process is gone as interrupted', () => {
    const { spool, rows, drain } = aBus();
    const begin = aBegin(deadProcess());
    spool.begin(begin.executionId, encodeBegin(begin));
    drain();
    expect(rows()).toMatchObject([
      { status: 'error', exit_code: null, error: 'cut off: hookbus was killed' },
    ]);
  });

  it('recognizes a reused process id by its start time', () => {
    const { spool, rows, drain } = aBus();
    const begin = aBegin({ pid: process.pid, pidStart: processStart() - 1 });
    spool.begin(begin.executionId, encodeBegin(begin));
    drain();
    expect(rows()).toMatchObject([{ status: 'error' }]);
  });

  it('records the signal before a process was gone', () => {
    const { spool, rows, drain } = aBus();
    const begin = aBegin(deadProcess());
    spool.begin(begin.executionId, encodeBegin(begin));
    spool.append(
      begin.executionId,
      encodeBegin(begin),
      encodeEnd(anEnd({ kind: 'cut_off', signal: 'SIGTERM' })),
    );
    drain();
    expect(rows()).toMatchObject([
      { status: 'error', signal: 'SIGTERM', error: 'cut off: hookbus was killed after SIGTERM' },
    ]);
  });

  it('stores the end that a dead process has written', () => {
    const { spool, rows, drain } = aBus();
    const begin = aBegin(deadProcess());
    spool.begin(begin.executionId, encodeBegin(begin));
    spool.append(begin.executionId, encodeBegin(begin), encodeEnd(anEnd({ exitCode: 2 })));
    drain();
    expect(rows()).toMatchObject([{ status: 'blocked', exit_code: 2 }]);
  });

  it('replaces an interrupted end by a real one that arrives late, and never the other way round', () => {
    const { spool, rows, drain } = aBus();
    const begin = aBegin(deadProcess());
    spool.begin(begin.executionId, encodeBegin(begin));
    drain();
    expect(rows()).toMatchObject([{ status: 'error', error: 'cut off: hookbus was killed' }]);
    spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(anEnd()));
    drain();
    const real = rows();
    expect(real).toMatchObject([{ status: 'success', exit_code: 0, error: null }]);
    spool.begin(begin.executionId, encodeBegin(begin));
    expect([drain().stored, drain().stored]).toEqual([1, 0]);
    expect(rows()).toEqual(real);
  });

  it('quarantines what cannot be read, counts it and continues', () => {
    const { spool, rows, drain, spoolDirectory, db } = aBus();
    mkdirSync(spoolDirectory, { recursive: true });
    writeFileSync(join(spoolDirectory, '0-garbage.rec'), 'no frames');
    writeFileSync(join(spoolDirectory, '1-empty.rec'), '');
    const begin = aBegin();
    spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(anEnd()));
    expect(drain()).toMatchObject({ stored: 1, unreadable: 2 });
    expect(rows()).toHaveLength(1);
    expect(spool.countQuarantined()).toBe(2);
    expect(db.prepare('SELECT kind, count FROM notices').all()).toEqual([
      { kind: 'spool', count: 2 },
    ]);
  });

  it('waits a minute for a part that cannot be decoded yet', () => {
    const { drain, spoolDirectory } = aBus();
    mkdirSync(spoolDirectory, { recursive: true });
    const path = join(spoolDirectory, 'young.part');
    writeFileSync(path, '');
    expect(drain().unreadable).toBe(0);
    const old = Date.now() / 1000 - 120;
    utimesSync(path, old, old);
    expect(drain().unreadable).toBe(1);
  });
});

describe('recording an execution', () => {
  const report = (): void => undefined;

  it('leaves a row in the database and nothing in the spool', async () => {
    const { spool, paths, rows, spoolDirectory } = aBus();
    const recorder = createRecorder({ spool, paths, now: Date.now, report });
    const begin = aBegin({ storeRaw: true, compress: true });
    recorder.begin(begin);
    expect(statSync(join(spoolDirectory, 'log')).mode & 0o777).toBe(0o600);
    await recorder.end(begin, anEnd());
    expect(rows()).toMatchObject([{ execution_id: begin.executionId, status: 'success' }]);
    expect(recordsIn(spoolDirectory)).toEqual([]);
  });

  it('goes to the spool while the database is locked, and is stored with the next execution', async () => {
    const { spool, paths, db, rows, spoolDirectory } = aBus();
    const recorder = createRecorder({ spool, paths, now: Date.now, report });
    const [first, second] = [aBegin(), aBegin()];
    db.exec('BEGIN EXCLUSIVE');
    recorder.begin(first);
    const before = performance.now();
    await recorder.end(first, anEnd());
    expect(performance.now() - before).toBeLessThan(400);
    db.exec('ROLLBACK');
    expect(recordsIn(spoolDirectory)).toMatchObject([{ name: `${first.executionId}.rec` }]);
    recorder.begin(second);
    await recorder.end(second, anEnd());
    expect(rows()).toHaveLength(2);
    expect(recordsIn(spoolDirectory)).toEqual([]);
  });

  it('is silent if nothing can be written', async () => {
    const failures: string[] = [];
    const nowhere = '/proc/no/such/place';
    const recorder = createRecorder({
      spool: createSpool(nowhere, nowhere),
      paths: statePaths(nowhere),
      now: Date.now,
      report: (what) => failures.push(what),
    });
    const begin = aBegin();
    recorder.begin(begin);
    await recorder.end(begin, anEnd());
    expect(failures).toEqual(['begin record', 'store execution', 'spool execution']);
  });
});

describe('a database that turns out corrupt', () => {
  it('is quarantined, and the same work is done on a new one', () => {
    const home = temporaryDirectory();
    const path = join(home, 'hook_bus.db');
    writeFileSync(path, 'garbage '.repeat(1000));
    const handle = createStoreHandle(path, 100, Date.now);
    const count = handle.use(({ db }) =>
      db.prepare('SELECT count(*) FROM hook_logs').pluck().get(),
    );
    expect(count).toBe(0);
    const notices = handle.use(({ db }) => db.prepare('SELECT kind, text FROM notices').all());
    expect(notices).toMatchObject([{ kind: 'database', text: expect.stringContaining('corrupt') }]);
    expect(readdirSync(home).filter((name) => /corrupt-.*Z$/.test(name))).toHaveLength(1);
    handle.close();
  });
});
