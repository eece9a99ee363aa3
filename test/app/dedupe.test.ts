import { spawn } from 'node:child_process';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createKeys, type KeyRequest } from '../../src/app/dedupe/dedupe.ts';
import { createStoreHandle } from '../../src/app/store/store-handle.ts';
import { processStart } from '../../src/os/process.ts';
import { freshState, makeDatabase } from '../support/state.ts';

const HOUR_MS = 3_600_000;

/** Keys over their own database, and a clock. */
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
    /** The stored keys, in order. */
    left: () =>
      store.use(({ db }) =>
        db.prepare('SELECT dedupe_key FROM dedupe_keys ORDER BY dedupe_key').pluck().all(),
      ),
  };
}

/** Two running processes, neither a descendant of the other. */
const sleepers = [spawn('sleep', ['600']), spawn('sleep', ['600'])];
afterAll(() => {
  for (const sleeper of sleepers) sleeper.kill('SIGKILL');
});
const [OWN, OTHER] = sleepers.map(({ pid = 0 }) => ({ pid, start: processStart(pid) })) as [
  KeyRequest['owner'],
  KeyRequest['owner'],
];

/** A request of one process; another execution has another process. */
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

describe('a key under deny', () => {
  const deny = (executionId: string, changes: Partial<KeyRequest> = {}): KeyRequest =>
    asks(executionId, { onDuplicate: 'deny', ...changes });

  it('has no owner: hooks run until one refuses, and later duplicates are refused', () => {
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

  it('repeats no exit code 2 of Cline, where only JSON refuses', () => {
    const { keys } = someKeys();
    const cline = { ...another, agent: 'cline', eventType: 'tool_call' };
    expect(keys.claim(deny('one', cline))).toEqual({ kind: 'run' });
    keys.finish(deny('one', cline), NO);
    expect(keys.claim(deny('two', cline))).toMatchObject({ kind: 'run' });
  });

  it('repeats nothing but a refusal, whatever was stored', () => {
    const { keys } = someKeys();
    expect(keys.claim(asks('one'))).toEqual({ kind: 'run' });
    // Another execution owns the key and waits.
    expect(keys.claim(deny('two', another))).toEqual({ kind: 'run' });
    keys.finish(asks('one'), YES);
    expect(keys.claim(asks('three', another))).toMatchObject({ kind: 'replay' });
    expect(keys.claim(deny('four', another))).toEqual({ kind: 'run' });
  });

  it('also refuses a client that waits for another', () => {
    const { keys } = someKeys();
    expect(keys.claim(asks('one'))).toEqual({ kind: 'run' });
    keys.finish(deny('two'), NO);
    expect(keys.hasChanged(asks('three', another))).toBe(true);
    expect(keys.claim(asks('three', another))).toMatchObject({ kind: 'replay', of: 'two' });
    expect(keys.finish(asks('one'), YES)).toBe(false);
  });

  it('keeps a refusal if duplicates are skipped', () => {
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
  it('belongs to one execution, then to its result, and after its TTL to the next execution', () => {
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
    // Its former owner can no longer change it.
    expect(keys.finish(asks('one'), { exitCode: 0, outputs })).toBe(false);
    expect(keys.claim(asks('five'))).toEqual({ kind: 'wait', of: 'four' });
  });

  it('makes no execution inside its owner wait, nor does that execution take it', () => {
    const { keys } = someKeys();
    const around = { owner: { pid: process.pid, start: processStart() } };
    expect(keys.claim(asks('one', around))).toEqual({ kind: 'run' });
    expect(keys.claim(asks('two'))).toEqual({ kind: 'run_unkeyed' });
    expect(keys.claim(asks('two', { onDuplicate: 'skip' }))).toEqual({ kind: 'run_unkeyed' });
    expect(keys.finish(asks('one'), { exitCode: 0 })).toBe(true);
  });

  it('is not released by an older request that its owner sent to a daemon and that arrives late', () => {
    const { keys } = someKeys();
    const broker = { pid: 1, start: processStart(1) };
    expect(keys.claim(asks('id-2'))).toEqual({ kind: 'run' });
    expect(keys.claim(asks('id-1', { broker }))).toMatchObject({ kind: 'wait' });
    // Nor by a request that one execution sent to the daemon before it asked its helper.
    expect(keys.claim(asks('id-2', { broker }))).toMatchObject({ kind: 'wait' });
    expect(keys.finish(asks('id-2', { broker }), undefined)).toBe(false);
    expect(keys.claim(asks('id-3', another))).toMatchObject({ kind: 'wait', of: 'id-2' });
    expect(keys.claim(asks('id-3', { broker }))).toEqual({ kind: 'run' });
    expect(keys.claim(asks('id-4'))).toEqual({ kind: 'run' });
  });

  it('is free at once if its owner failed, is gone, or claims again', () => {
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

  it('is deleted some time after it expired: more keys go than come', () => {
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
