import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { processStart } from '../../src/os/process.ts';
import { decodeVerdict, encodeClaim, encodeResult } from '../../src/protocol/claim.ts';
import { splitFrames } from '../../src/protocol/frame.ts';
import { encodeBegin } from '../../src/protocol/record.ts';
import { aState, hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import { aBegin } from '../support/records.ts';
import { recordsIn } from '../support/spooled.ts';

type State = ReturnType<typeof aState>;

/** Asks for a key as the launcher does, which does not know yet when it started. @returns what it was told */
async function claim(state: State, executionId: string, pid = process.pid, pidStart = 0) {
  const socket = connect(state.paths.socket);
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  // Where no hook decides, a key is what its template says.
  const begin = aBegin({ executionId, pid, pidStart, eventType: 'Notification' });
  const asked = encodeClaim({ template: 'k', ttlSeconds: 60, onDuplicate: 'replay' });
  socket.write(Buffer.concat([encodeBegin(begin), asked]));
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  const [frame] = splitFrames(bytes).frames;
  if (frame === undefined) throw new Error('expected a verdict');
  return { socket, verdict: decodeVerdict(frame), hookName: begin.hookName };
}

const owners = (state: State) =>
  state.rows<{ state: string; owner_pid: number; owner_start: number }>(
    'SELECT state, owner_pid, owner_start FROM dedupe_keys',
  );

const OWNER = { state: 'running', owner_pid: process.pid, owner_start: processStart() };

describe('when the owner of a key started', () => {
  it('is on record once its hook has run for a while', async () => {
    const state = aState();
    await state.daemon();
    const { verdict } = await claim(state, 'one');
    expect(verdict).toMatchObject({ kind: 'run', key: 'k' });
    await until('the start', () => owners(state)[0]?.owner_start !== 0);
    expect(owners(state)).toEqual([OWNER]);
  });

  it('is on record at once where it is told', async () => {
    const state = aState();
    await state.daemon();
    await claim(state, 'one', process.pid, OWNER.owner_start);
    expect(owners(state)).toEqual([OWNER]);
  });

  it('is on record before the daemon leaves', async () => {
    const state = aState();
    const daemon = await state.daemon();
    await claim(state, 'one');
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    expect(owners(state)).toEqual([OWNER]);
  });

  it('is not put to a result, or to the claim of another', async () => {
    const state = aState();
    await state.daemon();
    const first = await claim(state, 'one');
    first.socket.write(
      encodeResult({
        ...{ executionId: 'one', hookName: first.hookName, key: 'k' },
        end: { exitCode: 1 },
      }),
    );
    await until('the key to be free', () => owners(state).length === 0);
    await claim(state, 'two', 1);
    await until('the start', () => owners(state)[0]?.owner_start !== 0);
    expect(owners(state)).toEqual([{ ...OWNER, owner_pid: 1, owner_start: processStart(1) }]);
  });
});

it('two that ask one daemon are two, though both may have one process id in containers of their own', async () => {
  const state = aState();
  await state.daemon();
  const first = await claim(state, 'one');
  const second = await claim(state, 'two');
  expect([first.verdict.kind, second.verdict.kind]).toEqual(['run', 'wait']);
  const answer = once(second.socket, 'data');
  // Without a result: its turn comes.
  first.socket.destroy();
  const [frame] = splitFrames((await answer)[0] as Buffer).frames;
  expect(frame && decodeVerdict(frame)).toMatchObject({ kind: 'run', key: 'k' });
});

describe.skipIf(!hasLauncher)('one that waits for the first', () => {
  const HOOK =
    'echo run >>"$HOOKBUS_HOME/runs"; until [ -e "$HOOKBUS_HOME/go" ]; do sleep 0.02; done; exit 2';
  const NAMELESS = ['run', '--event', 'Stop', '--dedupe', '--on-duplicate', 'replay'];
  const WORDS = [...NAMELESS, '--name', 'n'];
  const runs = ({ home }: State) => {
    const file = join(home, 'runs');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
  };
  const run = (state: State, words = WORDS) =>
    start([LAUNCHER, ...words, '--', 'sh', '-c', HOOK], state.env, '{"tool_use_id":"t"}\n');

  it('is told to the next daemon with what the hook is called, though it was given no name', async () => {
    const state = aState();
    const daemon = await state.daemon();
    const first = run(state, NAMELESS);
    await until('it to run', () => runs(state) === 1);
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    await state.daemon();
    writeFileSync(join(state.home, 'go'), '');
    expect((await first.ended).code).toBe(2);
    const rows = () => state.rows('SELECT hook_name, state, exit_code FROM dedupe_keys');
    await until('the result', () => JSON.stringify(rows()).includes('done'));
    expect(rows()).toEqual([{ hook_name: 'sh', state: 'done', exit_code: 2 }]);
  });

  it('runs in the end where the daemon is stuck, be it alive', async () => {
    const state = aState();
    const daemon = await state.daemon();
    const first = run(state);
    await until('the first to run', () => runs(state) === 1);
    const second = run(state);
    await until('the second to be on record', () => recordsIn(state.paths.spool).length === 2);
    daemon.kill('SIGSTOP');
    onTestFinished(() => void daemon.kill('SIGCONT'));
    writeFileSync(join(state.home, 'go'), '');
    expect((await first.ended).code).toBe(2);
    expect((await second.ended).code).toBe(2);
    expect(runs(state)).toBe(2);
  }, 30_000);

  it('waits for as long as the daemon says so, and that is longer than its patience', async () => {
    const state = aState();
    await state.daemon();
    const first = run(state);
    await until('the first to run', () => runs(state) === 1);
    const startedAtMs = performance.now();
    const second = run(state);
    await until('some patience to be over', () => performance.now() - startedAtMs > 3200);
    // It has not become Node.
    expect(readlinkSync(`/proc/${second.child.pid}/exe`)).toBe(realpathSync(LAUNCHER));
    writeFileSync(join(state.home, 'go'), '');
    expect((await first.ended).code).toBe(2);
    expect((await second.ended).code).toBe(2);
    expect(runs(state)).toBe(1);
  }, 20_000);

  it('says again what the first one said until a signal ends it, though nobody reads', async () => {
    const state = aState();
    await state.daemon();
    const env = { ...state.env, HOOKBUS_MAX_BYTES: '4000000' };
    const line = `echo run >>"$HOOKBUS_HOME/runs"; head -c 3000000 /dev/zero`;
    const words = [...WORDS, '--', 'sh', '-c', line];
    const one = start([LAUNCHER, ...words], env, '{}\n');
    expect((await one.ended).stdout).toHaveLength(3_000_000);
    const other = spawn(LAUNCHER, words, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    other.stdin.end('{}\n');
    // Of which some is read, and then no more.
    await once(other.stdout, 'readable');
    other.kill('SIGTERM');
    expect(await once(other, 'exit')).toEqual([null, 'SIGTERM']);
    expect(runs(state)).toBe(1);
  });
});
