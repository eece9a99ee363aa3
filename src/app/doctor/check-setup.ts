import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { reasonOf } from '../../domain/errors.ts';
import { REBUILD_SQLITE } from '../store/open-for-command.ts';
import { advice, type Check, problem } from './finding.ts';

/** The oldest Node.js that HookBus runs on. */
const MIN_NODE = [20, 19] as const;

/** How long the launcher may take to run a command that does nothing, in ms. */
const LAUNCHER_MS = 5000;

export interface SetupFacts {
  /** Of the Node.js that runs this, without the `v`. */
  readonly nodeVersion: string;
  /** The words that start HookBus: the launcher, or Node and the script where there is none. */
  readonly program: readonly string[];
  /** What a shell finds as `hookbus`. */
  readonly onPath: string | undefined;
}

/** Looks at what HookBus itself consists of. */
export function checkSetup(facts: SetupFacts): Check[] {
  return [checkNode(facts), checkLauncher(facts), checkSqlite(), checkPath(facts)];
}

function checkNode({ nodeVersion }: SetupFacts): Check {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const isOld = major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1]);
  const findings = isOld
    ? [
        problem(
          `Node.js is ${nodeVersion}, and hookbus needs ${MIN_NODE.join('.')} or newer`,
          'What is older lacks what hookbus uses, and may fail anywhere.',
          'Install a newer Node.js, then build or install hookbus again.',
        ),
      ]
    : [];
  return { name: 'Node.js', summary: nodeVersion, findings };
}

function checkLauncher({ program }: SetupFacts): Check {
  const [launcher = '', script] = program;
  const name = 'launcher';
  if (script !== undefined) {
    const finding = advice(
      'the launcher was not built',
      'Every hook then starts through Node.js, which is what most of its time is then (docs/performance.md).',
      'Install a C compiler (gcc), then `make build` in a checkout or `npm rebuild hookbus` for the package (npm 12 needs the approval of install scripts).',
    );
    return { name, summary: 'none, hooks go through Node.js', findings: [finding] };
  }
  const { status, error } = spawnSync(launcher, ['run', '--', 'true'], {
    // Switched off it becomes the command, and nothing is recorded.
    env: { PATH: '/usr/bin:/bin' },
    stdio: 'ignore',
    timeout: LAUNCHER_MS,
  });
  if (status === 0) return { name, summary: `${launcher}${remarkOn(launcher)}`, findings: [] };
  const said = error === undefined ? `exit code ${status}` : reasonOf(error);
  const finding = problem(
    `${launcher} cannot run a command: ${said}`,
    'No hook that is wrapped with it runs.',
    'Build it again on this machine: `make build`, or `npm rebuild hookbus`. Until then: hookbus uninstall.',
  );
  return { name, summary: 'does not work', findings: [finding] };
}

/** With glibc, however it is linked, its names are in the file. */
function remarkOn(launcher: string): string {
  if (process.platform !== 'linux' || !readFileSync(launcher).includes('GLIBC_')) return '';
  return ', built with glibc: with musl-gcc it starts some 0.3 ms faster';
}

function checkSqlite(): Check {
  const name = 'SQLite';
  try {
    const db = new Sqlite(':memory:');
    const version = db.prepare('SELECT sqlite_version()').pluck().get();
    db.close();
    return { name, summary: `${version}, by better-sqlite3`, findings: [] };
  } catch (error) {
    const finding = problem(
      `better-sqlite3 cannot be loaded: ${reasonOf(error).split('\n')[0]}`,
      'Hooks still run, but their executions wait in the spool and no command can show them.',
      REBUILD_SQLITE,
    );
    return { name, summary: 'not usable', findings: [finding] };
  }
}

function checkPath({ program, onPath }: SetupFacts): Check {
  const name = 'PATH';
  const own = program.at(-1) ?? '';
  if (onPath === undefined) {
    const finding = advice(
      'no directory of PATH has hookbus',
      'Hooks in settings files that a team shares look for it there, and run unrecorded without it.',
      `ln -s ${own} ~/.local/bin/hookbus, with that directory on the PATH of the agent.`,
    );
    return { name, summary: 'hookbus is not on it', findings: [finding] };
  }
  if (isSame(onPath, own)) return { name, summary: onPath, findings: [] };
  const finding = advice(
    `hookbus on PATH is another one: ${onPath}`,
    'Two versions beside each other record in different ways, and the newer one ends the daemon of the older.',
    `Keep one of them; this is ${own}.`,
  );
  return { name, summary: onPath, findings: [finding] };
}

function isSame(one: string, other: string): boolean {
  try {
    // What is beside each other is one HookBus: the launcher, its script, what npm puts on PATH.
    return dirname(realpathSync(one)) === dirname(realpathSync(other));
  } catch {
    return false;
  }
}
