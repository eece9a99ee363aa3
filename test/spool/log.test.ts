import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Ingester, ingestSpool } from '../../src/app/recording/ingest.ts';
import { countSpool } from '../../src/app/recording/spool-record.ts';
import { processStart } from '../../src/os/process.ts';
import { createFrameWriter } from '../../src/protocol/frame.ts';
import { encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { encodeEntry, newToken } from '../../src/spool/entry.ts';
import { createSpool, type Spool } from '../../src/spool/spool.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { aBegin, anEnd } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary.ts';

function aSpool() {
  const home = temporaryDirectory();
  const directory = join(home, 'spool');
  const open = (): Spool => createSpool(directory, join(directory, 'unreadable'));
  const db = openDatabase(join(home, 'hook_bus.db'), 2000);
  onTestFinished(() => void db.close());
  const writer = createExecutionWriter(db);
  mkdirSync(directory);
  return {
    directory,
    log: join(directory, 'log'),
    db,
    open,
    names: (): string[] => readdirSync(directory).sort(),
    drain: (limits = {}) => ingestSpool(open(), writer, Date.now, limits),
    /** A reader that continues where it stopped, like the daemon's. */
    following() {
      const drain = new Ingester(open());
      onTestFinished(() => drain.close());
      return (limits = {}) => drain.run(writer, Date.now, limits);
    },
    ids: (): unknown[] =>
      db.prepare('SELECT execution_id FROM hook_logs ORDER BY id').pluck().all(),
    rows: () =>
      db.prepare('SELECT hook_name, status, error FROM hook_logs ORDER BY id').all() as {
        hook_name: string;
        status: string;
        error: string | null;
      }[],
  };
}

const alive = { pid: process.pid, pidStart: processStart() };

const record = (begin = aBegin(), end = anEnd()): Buffer =>
  Buffer.concat([encodeBegin(begin), encodeEnd(end)]);

function whole(spool: Spool, begin = aBegin(), end = anEnd()): string {
  spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(end));
  return begin.executionId;
}

describe('a torn write', () => {
  it('at any byte costs that record and no other, and is quarantined once', () => {
    const { log, directory, ids, drain } = aSpool();
    const entry = encodeEntry(newToken(), record());
    let lost = 0;
    for (let cut = 1; cut < entry.length; cut += 7) {
      const next = aBegin();
      const behind = encodeEntry(newToken(), record(next));
      writeFileSync(log, Buffer.concat([entry.subarray(0, cut), behind]));
      expect(drain(), `cut at ${cut}`).toMatchObject({ stored: 1, unreadable: 1 });
      expect(ids().at(-1)).toBe(next.executionId);
      expect(drain()).toMatchObject({ stored: 0, unreadable: 0 });
      lost += 1;
    }
    expect(readdirSync(join(directory, 'unreadable'))).toHaveLength(lost);
  });

  it('at the end of a log may be in progress, and is read once it is complete', () => {
    const { log, ids, following } = aSpool();
    const drain = following();
    const entry = encodeEntry(newToken(), record());
    writeFileSync(log, '');
    for (let cut = 0; cut < entry.length; cut += 1) {
      appendFileSync(log, entry.subarray(cut, cut + 1));
      expect(drain()).toMatchObject({ stored: cut === entry.length - 1 ? 1 : 0, unreadable: 0 });
    }
    expect(ids()).toHaveLength(1);
  });

  it('does not expose an entry that somebody wrote into a payload', () => {
    const { log, rows, drain } = aSpool();
    const forged = encodeEntry(newToken(), record(aBegin({ hookName: 'forged' })));
    const bytes = Buffer.concat(Array.from({ length: 9 }, () => forged));
    const end = anEnd({
      captures: [{ stream: 'stdin', bytes, truncated: false }],
      stderrTail: bytes,
    });
    const entry = encodeEntry(newToken(), record(aBegin({ hookName: 'torn' }), end));
    const next = encodeEntry(newToken(), record(aBegin({ hookName: 'next' })));
    writeFileSync(log, Buffer.concat([entry.subarray(0, -1), next]));
    expect(drain()).toMatchObject({ stored: 1, unreadable: 1 });
    expect(rows().map((row) => row.hook_name)).toEqual(['next']);
    writeFileSync(log, Buffer.concat([entry, next]));
    drain();
    expect(rows().map((row) => row.hook_name)).not.toContain('forged');
  });
});

describe('a log', () => {
  it('keeps nothing of taken entries, and marks them as taken even after the rows are deleted', () => {
    const { log, db, rows, open, drain } = aSpool();
    const spool = open();
    whole(spool, aBegin({ cwd: '/home/dev/secret-place' }));
    expect(drain()).toMatchObject({ stored: 1 });
    db.exec('DELETE FROM hook_logs');
    expect(drain()).toMatchObject({ stored: 0, unreadable: 0 });
    expect(rows()).toEqual([]);
    const bytes = readFileSync(log);
    expect(bytes.subarray(16, -8).every((byte) => byte === 0)).toBe(true);
  });

  it('is deleted by a command once everything in it is stored, and by others only if it is long', () => {
    const { open, names, drain } = aSpool();
    const spool = open();
    whole(spool);
    drain();
    expect(names()).toEqual(['log']);
    drain({ rotateBytes: 0 });
    expect(names()).toEqual([]);
    for (let count = 0; count < 2500; count += 1) whole(spool);
    expect(drain()).toMatchObject({ stored: 2500 });
    expect(names()).toEqual([]);
  });

  it('is kept under another name until all its executions have ended, over two rotations', () => {
    const { open, names, ids, following } = aSpool();
    const drain = following();
    const spool = open();
    const slow = aBegin(alive);
    spool.begin(slow.executionId, encodeBegin(slow));
    for (let rotation = 0; rotation < 2; rotation += 1) {
      for (let count = 0; count < 2500; count += 1) whole(spool);
      drain();
    }
    expect(names()).toHaveLength(1);
    expect(names()[0]).toMatch(/^log\../);
    expect(countSpool(open())).toEqual({ running: 1, waiting: 0 });
    whole(spool, slow);
    drain();
    expect(names()).toEqual([]);
    expect(ids().filter((id) => id === slow.executionId)).toHaveLength(1);
    expect(ids()).toHaveLength(5001);
  });

  it.each(['deleted', 'closed'] as const)(
    'that is %s between begin and end has the complete end in another log',
    (how) => {
      const { log, open, ids, drain, directory } = aSpool();
      const spool = open();
      const begin = aBegin(alive);
      spool.begin(begin.executionId, encodeBegin(begin));
      if (how === 'deleted') rmSync(log);
      else {
        renameSync(log, join(directory, 'log.old'));
        spawnSync('chmod', ['400', join(directory, 'log.old')]);
      }
      whole(spool, begin);
      // It may also be in a log that was closed meanwhile.
      expect(drain()).toMatchObject({ unreadable: 0 });
      expect(ids()).toEqual([begin.executionId]);
      expect(drain({ rotateBytes: 0 })).toMatchObject({ stored: 0 });
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  it('that a killed reader had closed is read by the next reader', () => {
    const { log, open, ids, drain, names, directory } = aSpool();
    const id = whole(open());
    renameSync(log, join(directory, 'log.0-killed'));
    spawnSync('chmod', ['400', join(directory, 'log.0-killed')]);
    expect(drain()).toMatchObject({ stored: 1 });
    expect(ids()).toEqual([id]);
    expect(names()).toEqual([]);
  });

  it('of another version: unknown parts are ignored or quarantined', () => {
    const { log, rows, drain } = aSpool();
    const unknown = createFrameWriter(99);
    unknown.text(1, 'what is to come');
    const known = Buffer.concat([record(aBegin({ hookName: 'known' })), unknown.finish()]);
    const later = Buffer.from(record());
    later[0] = 2;
    writeFileSync(
      log,
      Buffer.concat([
        encodeEntry(newToken(), known),
        encodeEntry(newToken(), later),
        encodeEntry(newToken(), record(aBegin({ hookName: 'last' }))),
      ]),
    );
    expect(drain()).toMatchObject({ stored: 2, unreadable: 1 });
    expect(rows().map((row) => row.hook_name)).toEqual(['known', 'last']);
  });

  it('is ingested once by two processes at the same time', () => {
    const { open, ids, following } = aSpool();
    const [one, other] = [following(), following()];
    const spool = open();
    for (let round = 0; round < 20; round += 1) {
      for (let count = 0; count < 30; count += 1) whole(spool);
      one({ records: 10 });
      other({ records: 20 });
      one();
      other();
    }
    expect(ids()).toHaveLength(600);
    expect(new Set(ids()).size).toBe(600);
  });

  it('forgets executions that are recorded elsewhere', () => {
    const { open, rows, drain, names } = aSpool();
    const spool = open();
    const begin = aBegin({ pid: 1, pidStart: 1 });
    spool.begin(begin.executionId, encodeBegin(begin));
    spool.discard(begin.executionId);
    expect(drain({ rotateBytes: 0 })).toMatchObject({ stored: 0, unreadable: 0 });
    expect(rows()).toEqual([]);
    expect(names()).toEqual([]);
  });

  it('counts waiting and running executions, each once', () => {
    const { open } = aSpool();
    const spool = open();
    whole(spool);
    const [runs, gone] = [aBegin(alive), aBegin({ pid: spawnSync('true').pid, pidStart: 1 })];
    for (const begin of [runs, gone]) spool.begin(begin.executionId, encodeBegin(begin));
    const begin = encodeBegin(runs);
    spool.append(runs.executionId, begin, encodeEnd(anEnd({ kind: 'cut_off', signal: 'SIGTERM' })));
    expect(countSpool(open())).toEqual({ running: 1, waiting: 2 });
  });

  it('is private', () => {
    const { open, log } = aSpool();
    const mask = process.umask(0o777);
    try {
      whole(open());
    } finally {
      process.umask(mask);
    }
    expect(statSync(log).mode & 0o777).toBe(0o600);
  });
});

describe('records of version 0.1.0', () => {
  it('are ingested, and a part only once its engine is gone', () => {
    const { directory, rows, drain, names } = aSpool();
    cpSync(new URL('../../fixtures/spool-0.1.0/', import.meta.url), directory, { recursive: true });
    expect(drain()).toMatchObject({ stored: 3, unreadable: 0 });
    expect(rows()).toEqual([
      { hook_name: 'plain', status: 'blocked', error: 'no' },
      { hook_name: 'stored', status: 'success', error: null },
      {
        hook_name: 'killed',
        status: 'error',
        error: 'cut off: hookbus was killed after SIGTERM',
      },
    ]);
    expect(names()).toEqual([]);
  });
});
