import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createStoreHandle } from '../../src/app/store/store-handle.ts';
import { createRetentionLoop } from '../../src/daemon/loops/retention-loop.ts';
import { openDatabase } from '../../src/store/database.ts';
import { aState, CLI, start, until } from '../support/daemon.ts';
import { freshState } from '../support/state.ts';

type State = ReturnType<typeof aState>;

/** Stores the result of a hook under a key with this TTL, in ms. */
function addKey({ paths }: State, key: string, forMs: number): void {
  mkdirSync(dirname(paths.database), { recursive: true });
  const db = openDatabase(paths.database, 1000);
  db.prepare(
    `INSERT INTO dedupe_keys (dedupe_key, hook_name, execution_id, state, stdout, created_at, expires_at)
     VALUES (?, 'h', 'e', 'done', 'SECRET', '', ?)`,
  ).run(key, new Date(Date.now() + forMs).toISOString());
  db.close();
}

const keys = (state: State) =>
  state
    .rows<{ dedupe_key: string }>('SELECT dedupe_key FROM dedupe_keys')
    .map((row) => row.dedupe_key);

it('the output of a hook is deleted when its key expires, not with the next key or the next hour', async () => {
  const state = aState();
  for (const [key, forMs] of [
    ['over', -1000],
    ['soon', 2500],
    ['later', 3_600_000],
  ] as const)
    addKey(state, key, forMs);
  await state.daemon();
  await until('the first to go', () => !keys(state).includes('over'));
  await until('the second to go', () => !keys(state).includes('soon'), 10_000);
  expect(keys(state)).toEqual(['later']);
  // A key that arrives while the daemon's next cleanup is far away.
  const { ended } = start(
    [
      process.execPath,
      CLI,
      'run',
      '--name',
      'x',
      '--dedupe-key',
      'new',
      '--dedupe-ttl',
      '1',
      '--',
      'true',
    ],
    state.env,
    '{}',
  );
  expect((await ended).code).toBe(0);
  await until('the deletion of the key', () => keys(state).length === 1, 25_000);
  addKey(state, 'last', 1);
  await state.stop();
  expect(keys(state)).toEqual(['later']);
});

it('the daemon deletes old copies without a command', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { paths } = freshState();
  const own = join(paths.settings, 'gone');
  const old = [
    `${paths.database}.corrupt-20200101T000000Z`,
    join(own, '20200101T000000Z-00000000-settings.json'),
  ];
  mkdirSync(own, { recursive: true });
  for (const path of old) writeFileSync(path, 'x');
  const store = createStoreHandle(paths.database, 1000, Date.now);
  onTestFinished(store.close);
  const said: string[] = [];
  const loop = createRetentionLoop({
    ...{ paths, store, now: Date.now, retentionDays: () => 7 },
    log: (event) => said.push(event),
  });
  loop.start();
  vi.advanceTimersByTime(70_000);
  loop.stop();
  expect(old.filter((path) => existsSync(path))).toEqual([]);
  expect(said).toEqual([]);
});
