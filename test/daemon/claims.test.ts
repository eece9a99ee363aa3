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

/** Claims a key like the launcher, which does not know yet when it started. @returns the verdict */
async function claim(state: State, executionId: string, pid = process.pid, pidStart = 0) {
  const socket = connect(state.paths.socket);
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  // If no hook decides, the key is the value of its template.
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

describe("the start time of a key's owner", () => {
  it('is stored once the hook has run for a while', async () => {
    const state = aState();
    await state.daemon();
    const { verdict } = await claim(state, 'one');
    expect(verdict).toMatchObject({ kind: 'run', key: 'k' });
    await until('the stored start time', () => owners(state)[0]?.owner_start !== 0);
    expect(owners(state)).toEqual([OWNER]);
  });

  it('is stored at once if the client sends it', async () => {
    const state = aState();
    await state.daemon();
    await claim(state, 'one', process.pid, OWNER.owner_start);
    expect(owners(state)).toEqual([OWNER]);
  });

  it('is stored before the daemon exits', async () => {
    const state = aState();
    const daemon = await state.daemon();
    await claim(state, 'one');
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    expect(owners(state)).toEqual([OWNER]);
  });

  it('is not added to a result, or to the claim of another execution', async () => {
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
    await until('the stored start time', () => owners(state)[0]?.owner_start !== 0);
    expect(owners(state)).toEqual([{ ...OWNER, owner_pid: 1, owner_start: processStart(1) }]);
  });
});

it('two clients of one daemon stay distinct, even if both have the same process id in their containers', async () => {
  const state = aState();
  await state.daemon();
  const first = await claim(state, 'one');
  const second = await claim(state, 'two');
  expect([first.verdict.kind, second.verdict.kind]).toEqual(['run', 'wait']);
  const answer = once(second.socket, 'data');
  // No result: the next client's turn comes.
  first.socket.destroy();
  const [frame] = splitFrames((await answer)[0] as Buffer).frames;
  expect(frame && decodeVerdict(frame)).toMatchObject({ kind: 'run', key: 'k' });
});

describe.skipIf(!hasLauncher)('a client that waits for the first execution', () => {
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

  it('reports its result to the next daemon under the default name of the hook', async () => {
    const state = aState();
    const daemon = await state.daemon();
    const first = run(state, NAMELESS);
    await until('the hook to run', () => runs(state) === 1);
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    await state.daemon();
    writeFileSync(join(state.home, 'go'), '');
    expect((await first.ended).code).toBe(2);
    const rows = () => state.rows('SELECT hook_name, state, exit_code FROM dedupe_keys');
    await until('the result', () => JSON.stringify(rows()).includes('done'));
    expect(rows()).toEqual([{ hook_name: 'sh', state: 'done', exit_code: 2 }]);
  });

  it('runs its hook in the end if the daemon hangs', async () => {
    const state = aState();
    const daemon = await state.daemon();
    const first = run(state);
    await until('the first to run', () => runs(state) === 1);
    const second = run(state);
    await until('the second to be recorded', () => recordsIn(state.paths.spool).length === 2);
    daemon.kill('SIGSTOP');
    onTestFinished(() => void daemon.kill('SIGCONT'));
    writeFileSync(join(state.home, 'go'), '');
    expect((await first.ended).code).toBe(2);
    expect((await second.ended).code).toBe(2);
    expect(runs(state)).toBe(2);
  });

  it('waits as long as the daemon requests, even beyond its own timeout', async () => {
    const state = aState();
    await state.daemon();
    const first = run(state);
    await until('the first to run', () => runs(state) === 1);
    const startedAtMs = performance.now();
    const second = run(state);
    await until('the usual timeout to pass', () => performance.now() - startedAtMs > 3200);
    // The launcher has not become Node.
    expect(readlinkSync(`/proc/${second.child.pid}/exe`)).toBe(realpathSync(LAUNCHER));
    writeFileSync(join(state.home, 'go'), '');
    expect((await first.ended).code).toBe(2);
    expect((await second.ended).code).toBe(2);
    expect(runs(state)).toBe(1);
  });

  it('repeats the output of the first one until a signal ends it, even if nobody reads', async () => {
    const state = aState();
    await state.daemon();
    const env = { ...state.env, HOOKBUS_MAX_BYTES: '4000000' };
    const line = `echo run >>"$HOOKBUS_HOME/runs"; head -c 3000000 /dev/zero`;
    const words = [...WORDS, '--', 'sh', '-c', line];
    const one = start([LAUNCHER, ...words], env, '{}\n');
    expect((await one.ended).stdout).toHaveLength(3_000_000);
    const other = spawn(LAUNCHER, words, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    other.stdin.end('{}\n');
    // Nobody reads the rest.
    await once(other.stdout, 'readable');
    other.kill('SIGTERM');
    expect(await once(other, 'exit')).toEqual([null, 'SIGTERM']);
    expect(runs(state)).toBe(1);
  });
});
