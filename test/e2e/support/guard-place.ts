import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import Sqlite from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { socketPath, statePaths } from '../../../src/config/home/paths.ts';
import { askDaemon } from '../../../src/daemon/client/client.ts';
import { gateLine, gatePath } from '../../../src/gates/gate-file.ts';
import { endProcess } from '../../conformance/support/processes.ts';
import { CLI, until } from '../../support/daemon.ts';
import { processesOf } from '../../support/daemons-left.ts';
import {
  makeCorruptDatabase,
  makeDatabase,
  makeNewerDatabase,
  makeState,
} from '../../support/state.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { type Case, configOf, KEYS, NAME, payloadOf, REFUSALS } from './random-settings.ts';

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

function run(command: readonly string[], cwd: string, env: Environment, input = ''): Outcome {
  const [program = '', ...words] = command;
  const { status, signal, stdout, stderr } = spawnSync(program, words, {
    cwd,
    env: env as NodeJS.ProcessEnv,
    input,
    timeout: 120_000,
  });
  return { code: status, signal, stdout: `${stdout}`, stderr: `${stderr}` };
}

/** Where one case runs: a guard that obeys the file `verdict`, and a state directory with the case's settings. */
export interface GuardPlace {
  /** Runs the guard bare, so that it refuses. */
  readonly bare: () => Outcome;
  /** The same under the engine. */
  readonly wrapped: () => Outcome;
  readonly hookbus: (...words: string[]) => Outcome;
}

export async function aGuardPlace(what: Case, engine: readonly string[]): Promise<GuardPlace> {
  const directory = temporaryDirectory();
  const home = join(directory, 'state');
  const input = payloadOf(what);
  const env = {
    PATH: process.env['PATH'],
    HOOKBUS_HOME: home,
    HOOKBUS_ENABLED: '1',
    ...(what.daemon === 'auto' ? {} : { HOOKBUS_DAEMON: 'off' }),
  };
  const words = ['run', '--name', NAME, ...KEYS[what.key], ...what.options, '--', './guard.sh'];
  const command = [...engine, ...words];
  const hookbus: GuardPlace['hookbus'] = (...line) => run([execPath, CLI, ...line], directory, env);
  const say = (verdict: string) => writeFileSync(join(directory, 'verdict'), verdict);
  /** The same guard at another time, under usual settings. */
  const before = (verdict: string): void => {
    say(verdict);
    run(command, directory, env, input);
  };

  /** An allow of the same work that has not ended yet. */
  async function startSlow(): Promise<void> {
    say('slow');
    const [program = '', ...rest] = command;
    const child = spawn(program, rest, {
      cwd: directory,
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin?.end(input);
    await until('the unfinished guard', () => existsSync(join(directory, 'slow')));
  }

  async function startDaemon(): Promise<void> {
    const child = spawn(execPath, [CLI, 'daemon', 'run'], { env, stdio: 'ignore' });
    await until('the daemon', () => askDaemon(socketPath(home)));
    if (what.daemon === 'stopped') child.kill('SIGSTOP');
  }

  onTestFinished(() => {
    for (let left = processesOf(home); left.length > 0; left = processesOf(home)) {
      for (const pid of left) endProcess(pid);
    }
  });
  writeFileSync(join(directory, 'guard.sh'), guardText(what), { mode: 0o755 });
  prepareHome(home, what);
  const isUsable = what.home !== 'a file' && what.home !== 'a link';
  const config = configOf(what);
  if (isUsable && config !== '') writeFileSync(join(home, 'config.json'), config, { mode: 0o600 });
  if (isUsable && (what.daemon === 'running' || what.daemon === 'stopped')) await startDaemon();
  if (what.before === 'an allow') before('allow');
  if (what.before === 'a refusal') before('deny');
  if (what.before === 'five failures') {
    for (let time = 0; time < 5; time += 1) before('fail');
    hookbus('status');
  }
  if (what.before === 'an unfinished allow') await startSlow();
  if (isUsable) closeGate(statePaths(home).gates, what, hookbus);

  say('deny');
  const unlock = what.home === 'locked' ? lock(statePaths(home).database) : () => undefined;
  return {
    bare: () => run(['./guard.sh'], directory, env, input),
    wrapped() {
      const outcome = run(command, directory, { ...env, ...what.environment }, input);
      unlock();
      return outcome;
    },
    hookbus,
  };
}

function guardText({ refusal }: Case): string {
  const allow = 'allow) exit 0;;\nfail) exit 1;;\nslow) : >slow; exec sleep 60;;';
  return `#!/bin/sh\ncat >/dev/null\ncase $(cat verdict) in\n${allow}\ndeny) ${REFUSALS[refusal]};;\nesac\n`;
}

function prepareHome(home: string, what: Case): void {
  const paths = statePaths(home);
  if (what.home === 'a file') writeFileSync(home, '');
  else if (what.home === 'a link') {
    makeState(join(home, '../elsewhere'));
    symlinkSync('elsewhere', home);
  } else if (what.home === 'corrupt') makeCorruptDatabase(paths);
  else if (what.home === 'newer') makeNewerDatabase(paths);
  else if (what.home === 'locked') makeDatabase(paths);
  else makeState(home);
}

/** Locks a database until it gets a line. */
function lock(database: string): () => void {
  const db = new Sqlite(database);
  db.exec('BEGIN EXCLUSIVE');
  return () => void db.close();
}

function closeGate(gates: string, { gate }: Case, hookbus: GuardPlace['hookbus']): void {
  const command = './guard.sh';
  const path =
    gate === 'by name' ? join(gates, NAME) : gatePath(gates, { hookName: NAME, command });
  if (gate === 'off' || gate === 'off and on') hookbus('off', NAME, '--yes', '--command', command);
  if (gate === 'off and on') hookbus('on', NAME);
  mkdirSync(gates, { recursive: true, mode: 0o700 });
  const text = {
    'by name': 'off 0\n',
    'without an end': 'off 0\n',
    breaker: `${gateLine({ kind: 'breaker', untilMs: Date.now() + 3_600_000 })}\n`,
    nonsense: 'closed for ever\n',
  }[gate as string];
  if (text !== undefined || gate === 'a directory' || gate === 'a FIFO')
    rmSync(path, { force: true });
  if (text !== undefined) writeFileSync(path, text, { mode: 0o600 });
  if (gate === 'a directory') mkdirSync(path);
  if (gate === 'a FIFO') spawnSync('mkfifo', [path]);
}
