import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hookbusProcess } from '../support/hookbus.ts';
import { makeCorruptDatabase, makeDatabase, makeNewerDatabase } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { aHookState, LIBRARY } from './support.ts';

const ONE = `say((await guardedExecution('h', 'PreToolUse', { payload, dedupeKey: 'k' }, () => 'ran')).output);`;

type State = ReturnType<typeof aHookState>;

/** The rows after a command has ingested the spool. */
function drained(state: State) {
  expect(hookbusProcess(['logs', '--json'], { HOOKBUS_HOME: state.home }).exitCode).toBe(0);
  return state.rows();
}

describe('a process that exits inside a body', () => {
  it.each([
    ['is killed', `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});`],
    ['exits', 'process.exit(2);'],
    [
      'throws an uncaught error',
      `setTimeout(() => { throw new Error('loose'); }, 1); await new Promise(() => {});`,
    ],
    ['has nothing more to do', 'await new Promise(() => {});'],
  ])('leaves an execution that was interrupted if it %s', async (_, body) => {
    const state = aHookState();
    await state.run(
      `await guardedExecution('h', 'PreToolUse', { payload }, async () => { ${body} });`,
    );
    expect(state.spooled()).toEqual([expect.stringMatching(/\.part$/)]);
    expect(drained(state)).toMatchObject([
      {
        hook_name: 'h',
        status: 'error',
        exit_code: null,
        tool_name: 'Bash',
        error: 'cut off: the process ended inside the guarded execution',
      },
    ]);
    expect(state.spooled()).toEqual([]);
  });

  it('is not taken for interrupted while it lives', async () => {
    const state = aHookState();
    const script = `
      import { guardedExecution } from '${LIBRARY}';
      await guardedExecution('h', 'Stop', {}, () => new Promise((resolve) => {
        console.log('inside'); process.stdin.on('end', () => resolve('out')).resume(); }));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: state.env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(hookbusProcess(['logs', '--json'], { HOOKBUS_HOME: state.home }).exitCode).toBe(0);
    expect(state.rows()).toEqual([]);
    child.stdin.end();
    await new Promise((resolve) => child.once('close', resolve));
    expect(state.rows()).toMatchObject([{ status: 'success' }]);
  });
});

describe('the body runs and the execution is recorded', () => {
  it('later, if the database is locked', async () => {
    const state = aHookState();
    makeDatabase(state.paths);
    const db = new Sqlite(state.paths.database);
    db.exec('BEGIN EXCLUSIVE');
    const { said, stderr } = await state.run(ONE);
    db.exec('COMMIT');
    db.close();
    expect({ said, stderr }).toEqual({ said: ['ran'], stderr: '' });
    expect(state.spooled()).toEqual([expect.stringMatching(/\.rec$/)]);
    expect(drained(state)).toMatchObject([{ hook_name: 'h', status: 'success', stdout_bytes: 3 }]);
  });

  it('in a new database, if the old one is corrupt', async () => {
    const state = aHookState();
    makeCorruptDatabase(state.paths);
    expect(await state.run(ONE)).toMatchObject({ said: ['ran'], stderr: '' });
    expect(state.rows()).toMatchObject([{ hook_name: 'h', status: 'success' }]);
    expect(readdirSync(state.home).filter((name) => name.includes('.corrupt-'))).toHaveLength(1);
  });

  it('in the spool, if the database is from a newer HookBus, which stays unchanged', async () => {
    const state = aHookState();
    makeNewerDatabase(state.paths);
    expect(await state.run(ONE)).toMatchObject({ said: ['ran'], stderr: '' });
    expect(state.spooled()).toEqual([expect.stringMatching(/\.rec$/)]);
  });

  it('in a new database, if the state directory is deleted under a running process', async () => {
    const state = aHookState();
    const { said, stderr } = await state.run(`
      const { rmSync } = await import('node:fs');
      const go = (name) => guardedExecution(name, 'Notification', { onDuplicate: 'replay', dedupeKey: 'k' }, () => name);
      await go('before');
      rmSync(process.env.HOOKBUS_HOME, { recursive: true });
      say((await go('between')).output);
      say((await go('after')).output);
      say((await go('after')).skipped);`);
    expect({ said, stderr }).toEqual({ said: ['between', 'after', true], stderr: '' });
    expect(state.rows().map((row) => row['hook_name'])).toEqual(['between', 'after', 'after']);
  });
});

describe('the body runs, unrecorded', () => {
  it.each([
    ['is a file', (home: string) => writeFileSync(home, 'a file')],
    ['is a directory that cannot be written', (home: string) => mkdirSync(home, { mode: 0o555 })],
  ])('if the state directory %s', async (_, make) => {
    // An unprivileged user must be able to reach it.
    const home = join(tmpdir(), `hookbus-test-${process.pid}-${Math.random()}`);
    make(home);
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const state = aHookState();
    const asNobody =
      process.getuid?.() === 0 ? 'process.setgid(65534); process.setuid(65534);' : '';
    const { said, stderr, code } = await state.run(asNobody + ONE + ONE, { HOOKBUS_HOME: home });
    expect({ said, stderr, code }).toEqual({ said: ['ran', 'ran'], stderr: '', code: 0 });
  });

  it('if a repository contains the state directory, with a gate in it', async () => {
    const repository = temporaryDirectory();
    const gates = join(repository, 'hb', 'gates');
    mkdirSync(gates, { recursive: true });
    writeFileSync(join(gates, 'guard'), 'off 0\n');
    const state = aHookState();
    const script = `process.chdir(${JSON.stringify(repository)});
      say((await guardedExecution('guard', 'PreToolUse', {}, () => 'ran')).output);`;
    for (const HOOKBUS_HOME of ['hb', dirname(gates)]) {
      const { said, code } = await state.run(script, { HOOKBUS_HOME });
      expect({ said, code }).toEqual({ said: ['ran'], code: 0 });
    }
    expect(readdirSync(dirname(gates))).toEqual(['gates']);
  });

  it('if the database can be read but not written; nothing waits in the spool either', async () => {
    const state = aHookState();
    makeDatabase(state.paths);
    chmodSync(join(state.home, '..'), 0o755);
    chmodSync(state.home, 0o555);
    chmodSync(state.paths.database, 0o444);
    const asNobody =
      process.getuid?.() === 0 ? 'process.setgid(65534); process.setuid(65534);' : '';
    const { said, stderr } = await state.run(asNobody + ONE);
    expect({ said, stderr }).toEqual({ said: ['ran'], stderr: '' });
    chmodSync(state.home, 0o755);
    expect(state.rows()).toEqual([]);
  });

  it('if there is no state directory', async () => {
    const state = aHookState();
    const { said } = await state.run(ONE, { HOOKBUS_HOME: '', HOME: '', XDG_STATE_HOME: '' });
    expect(said).toEqual(['ran']);
  });

  it('and the debug log says why, if it is on', async () => {
    const state = aHookState({ HOOKBUS_DEBUG: '1' });
    makeNewerDatabase(state.paths);
    await state.run(ONE);
    expect(existsSync(state.paths.log)).toBe(true);
  });
});
