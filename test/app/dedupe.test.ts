import { spawn } from 'node:child_process';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createKeys, type KeyRequest } from '../../src/app/dedupe/dedupe.ts';
import { createStoreHandle } from '../../src/app/store/store-handle.ts';
import { processStart } from '../../src/os/process.ts';
import { freshState, makeDatabase } from '../support/state.ts';

const HOUR_MS = 3_600_000;

/** Keys over a database of their own, and a clock. */
function someKeys() {
  const { paths } = freshState();
  makeDatabase(paths);
  let nowMs = Date.parse('2026-11-27T10:00:00.000Z');
  const store = createStoreHandle(paths.database, 200, () => nowMs);
  onTestFinished(store.close);
  return {
    keys: createKeys(store, () => nowMs),
    pass: (ms: number): void => {
      nowMs += ms;
    },
    /** What is on record, in its order. */
    left: () =>
      store.use(({ db }) =>
        db.prepare('SELECT dedupe_key FROM dedupe_keys ORDER BY dedupe_key').pluck().all(),
      ),
  };
}

/** Two that live, and neither started the other. */
const sleepers = [spawn('sleep', ['600']), spawn('sleep', ['600'])];
afterAll(() => {
  for (const sleeper of sleepers) sleeper.kill('SIGKILL');
});
const [OWN, OTHER] = sleepers.map(({ pid = 0 }) => ({ pid, start: processStart(pid) })) as [
  KeyRequest['owner'],
  KeyRequest['owner'],
];

/** Of one process; another execution has a process of its own. */
const asks = (executionId: string, changes: Partial<KeyRequest> = {}): KeyRequest => ({
  key: 'k',
  hookName: 'h',
  executionId,
  owner: OWN,
  ttlSeconds: 3600,
  eventType: 'Stop',
  onDuplicate: 'replay',
  ...changes,
});

const another = { owner: OTHER };

const NO = { exitCode: 2, outputs: { stdout: Buffer.alloc(0), stderr: Buffer.from('no') } };
const YES = { exitCode: 0, outputs: { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) } };

describe('a key of which only a refusal is given again', () => {
  const deny = (executionId: string, changes: Partial<KeyRequest> = {}): KeyRequest =>
    asks(executionId, { onDuplicate: 'deny', ...changes });

  it('is nobody’s: all run until one has refused, and whoever asks after that is refused', () => {
    const { keys, pass, left } = someKeys();
    for (const id of ['one', 'two', 'three']) {
      expect(keys.claim(deny(id, another))).toEqual({ kind: 'run' });
    }
    keys.finish(deny('one'), YES);
    keys.finish(deny('three'), undefined);
    expect(left()).toEqual([]);
    keys.finish(deny('two'), NO);
    const refused = { kind: 'replay', of: 'two', result: { exitCode: 2 } };
    expect(keys.claim(deny('four'))).toMatchObject(refused);
    keys.finish(deny('five'), YES);
    expect(keys.claim(deny('six'))).toMatchObject(refused);
    pass(HOUR_MS + 1);
    expect(keys.claim(deny('seven'))).toEqual({ kind: 'run' });
  });

  it('gives nothing that is no refusal, whoever kept it', () => {
    const { keys } = someKeys();
    expect(keys.claim(asks('one'))).toEqual({ kind: 'run' });
    // Somebody has it who waits, and is waited for.
    expect(keys.claim(deny('two', another))).toEqual({ kind: 'run' });
    keys.finish(asks('one'), YES);
    expect(keys.claim(asks('three', another))).toMatchObject({ kind: 'replay' });
    expect(keys.claim(deny('four', another))).toEqual({ kind: 'run' });
  });

  it('refuses also who waits for another', () => {
    const { keys } = someKeys();
    expect(keys.claim(asks('one'))).toEqual({ kind: 'run' });
    keys.finish(deny('two'), NO);
    expect(keys.hasChanged(asks('three', another))).toBe(true);
    expect(keys.claim(asks('three', another))).toMatchObject({ kind: 'replay', of: 'two' });
    expect(keys.finish(asks('one'), YES)).toBe(false);
  });

  it('keeps a refusal where duplicates are skipped', () => {
    const { keys } = someKeys();
    const skip = { onDuplicate: 'skip', eventType: 'PostToolUse' } as const;
    const stdout = Buffer.from('{"decision":"block"}');
    keys.claim(asks('one', skip));
    keys.finish(asks('one', skip), { exitCode: 0, outputs: { stdout, stderr: Buffer.alloc(0) } });
    expect(keys.claim(asks('two', { ...skip, ...another }))).toMatchObject({ kind: 'replay' });
    const other = { ...skip, key: 'other' };
    keys.claim(asks('three', other));
    keys.finish(asks('three', other), NO);
    expect(keys.claim(asks('four', { ...other, ...another }))).toMatchObject({ kind: 'skip' });
  });
});

describe('a key', () => {
  it('is one execution’s, then its result’s, and after its time the next one’s', () => {
    const { keys, pass } = someKeys();
    const outputs = { stdout: Buffer.from('out'), stderr: Buffer.alloc(0) };
    expect(keys.claim(asks('one'))).toEqual({ kind: 'run' });
    expect(keys.claim(asks('two', another))).toEqual({ kind: 'wait', of: 'one' });
    expect(keys.claim(asks('two', { ...another, onDuplicate: 'skip' }))).toEqual({
      ...{ kind: 'skip', of: 'one' },
    });
    expect(keys.claim(asks('two', { ...another, hookName: 'other' }))).toEqual({ kind: 'run' });
    expect(keys.finish(asks('one'), { exitCode: 2, outputs })).toBe(true);
    expect(keys.claim(asks('three', another))).toMatchObject({
      kind: 'replay',
      of: 'one',
      result: { exitCode: 2, ...outputs },
    });
    pass(HOUR_MS + 1);
    expect(keys.claim(asks('four', another))).toEqual({ kind: 'run' });
    // Whose it was has no say in it any more.
    expect(keys.finish(asks('one'), { exitCode: 0, outputs })).toBe(false);
    expect(keys.claim(asks('five'))).toEqual({ kind: 'wait', of: 'four' });
  });

  it('is not waited for by who is inside of its owner, nor does that take it', () => {
    const { keys } = someKeys();
    const around = { owner: { pid: process.pid, start: processStart() } };
    expect(keys.claim(asks('one', around))).toEqual({ kind: 'run' });
    expect(keys.claim(asks('two'))).toEqual({ kind: 'run_unkeyed' });
    expect(keys.claim(asks('two', { onDuplicate: 'skip' }))).toEqual({ kind: 'run_unkeyed' });
    expect(keys.finish(asks('one'), { exitCode: 0 })).toBe(true);
  });

  it('is not taken back by what its owner asked a daemon for before, and that heard late', () => {
    const { keys } = someKeys();
    const broker = { pid: 1, start: processStart(1) };
    expect(keys.claim(asks('id-2'))).toEqual({ kind: 'run' });
    expect(keys.claim(asks('id-1', { broker }))).toMatchObject({ kind: 'wait' });
    // Nor what one execution asked it for, before it asked its helper.
    expect(keys.claim(asks('id-2', { broker }))).toMatchObject({ kind: 'wait' });
    expect(keys.finish(asks('id-2', { broker }), undefined)).toBe(false);
    expect(keys.claim(asks('id-3', another))).toMatchObject({ kind: 'wait', of: 'id-2' });
    expect(keys.claim(asks('id-3', { broker }))).toEqual({ kind: 'run' });
    expect(keys.claim(asks('id-4'))).toEqual({ kind: 'run' });
  });

  it('is free again at once where its owner failed, is gone, or asks anew', () => {
    const { keys } = someKeys();
    keys.claim(asks('one'));
    expect(keys.finish(asks('one'), { exitCode: 1 })).toBe(true);
    expect(keys.claim(asks('two', { owner: { pid: 2 ** 22 + 1, start: 1 } }))).toEqual({
      kind: 'run',
    });
    expect(keys.claim(asks('three'))).toEqual({ kind: 'run' });
    expect(keys.claim(asks('four'))).toEqual({ kind: 'run' });
    expect(keys.claim(asks('five', another))).toEqual({ kind: 'wait', of: 'four' });
  });

  it('that ran out does not stay for ever: more go than come', () => {
    const { keys, pass, left } = someKeys();
    for (let index = 0; index < 10; index += 1) {
      const request = asks(`old ${index}`, { key: `old ${index}` });
      keys.claim(request);
      keys.finish(request, { exitCode: 0 });
    }
    expect(left()).toHaveLength(10);
    pass(HOUR_MS + 1);
    for (let index = 0; index < 5; index += 1) {
      const request = asks(`new ${index}`, { key: `new ${index}` });
      keys.claim(request);
      keys.finish(request, { exitCode: 0 });
    }
    expect(left()).toEqual(['new 0', 'new 1', 'new 2', 'new 3', 'new 4']);
  });
});
