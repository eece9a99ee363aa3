import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Environment } from '../../config/settings.ts';
import { reasonOf } from '../../domain/errors.ts';
import { LAUNCHER_PACKAGE } from '../../os/own-program.ts';
import { pathAdvice } from '../../os/path-advice.ts';
import { isNodeSqlite, openSqlite } from '../../store/sqlite/sqlite.ts';
import { fixOfSqlite } from '../store/open-store.ts';
import { advice, type Check, problem } from './finding.ts';

/** The oldest Node.js that HookBus runs on. */
const MIN_NODE = [20, 19] as const;

/** How long the launcher may take to run a command that does nothing. */
const LAUNCHER_MS = 5000;

export interface SetupFacts {
  /** The version of the running Node.js, without the `v`. */
  readonly nodeVersion: string;
  /** The words that start HookBus: the launcher, or Node and the script if there is no launcher. */
  readonly program: readonly string[];
  /** The `hookbus` that a shell finds on PATH. */
  readonly onPath: string | undefined;
  readonly env: Environment;
}

/** Checks the parts of HookBus itself. */
export function checkSetup(facts: SetupFacts): Check[] {
  return [checkNode(facts), checkLauncher(facts), checkSqlite(), checkPath(facts)];
}

function checkNode({ nodeVersion }: SetupFacts): Check {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const isOld = major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1]);
  const findings = isOld
    ? [
        problem(
          `Node.js is ${nodeVersion}, but hookbus needs ${MIN_NODE.join('.')} or newer`,
          'An older Node.js lacks what hookbus uses, so any command may fail.',
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
    const summary = 'none, hooks go through Node.js';
    if (process.platform === 'win32') return { name, summary, findings: [] };
    const finding = advice(
      `there is no launcher for ${process.platform}-${process.arch}`,
      'Every hook starts through Node.js, which takes most of its time (docs/performance.md).',
      `Install the package with it, ${LAUNCHER_PACKAGE}, if there is one for your system: \`npm install -g --include=optional hookbus\`. Otherwise install a C compiler (gcc), then run \`make build\` in a checkout or \`npm rebuild -g hookbus\` for the package (npm 12 asks you to approve install scripts).`,
    );
    return { name, summary, findings: [finding] };
  }
  const { status, error } = spawnSync(launcher, ['run', '--', 'true'], {
    // Without HOOKBUS_ENABLED the launcher becomes the command and records nothing.
    env: { PATH: '/usr/bin:/bin' },
    stdio: 'ignore',
    timeout: LAUNCHER_MS,
  });
  if (status === 0) return { name, summary: `${launcher}${remarkOn(launcher)}`, findings: [] };
  const reason = error === undefined ? `exit code ${status}` : reasonOf(error);
  const finding = problem(
    `${launcher} cannot run a command: ${reason}`,
    'No hook that is wrapped with it runs.',
    'Build it again on this machine: run `make build` or `npm rebuild hookbus`. Until then, type hookbus uninstall.',
  );
  return { name, summary: 'does not work', findings: [finding] };
}

/** A launcher that was built with glibc, static or not, contains its name. */
function remarkOn(launcher: string): string {
  if (process.platform !== 'linux' || !readFileSync(launcher).includes('GLIBC_')) return '';
  return ', built with glibc: with musl-gcc it starts about 0.3 ms faster';
}

function checkSqlite(): Check {
  const name = 'SQLite';
  try {
    const db = openSqlite(':memory:', { timeout: 0 });
    const version = db.prepare('SELECT sqlite_version()').pluck().get();
    db.close();
    const by = isNodeSqlite()
      ? 'Node.js itself, because the native part of better-sqlite3 cannot be loaded'
      : 'better-sqlite3';
    return { name, summary: `${version}, by ${by}`, findings: [] };
  } catch (error) {
    const finding = problem(
      `better-sqlite3 cannot be loaded: ${reasonOf(error).split('\n')[0]}`,
      'Hooks still run, but their executions wait in the spool, and no command can show them.',
      fixOfSqlite(error),
    );
    return { name, summary: 'not usable', findings: [finding] };
  }
}

function checkPath({ program, onPath, env }: SetupFacts): Check {
  const name = 'PATH';
  const own = program.at(-1) ?? '';
  if (onPath === undefined) {
    const finding = advice(
      'no directory of PATH has hookbus',
      'Hooks in settings files that a team shares look for it on PATH. Without it they run, but are not recorded.',
      `Type this, and add it to the start-up file of your shell: ${pathAdvice(own, env)}`,
    );
    return { name, summary: 'hookbus is not on it', findings: [finding] };
  }
  if (isSame(onPath, own)) return { name, summary: onPath, findings: [] };
  const finding = advice(
    `hookbus on PATH is another installation: ${onPath}`,
    'The two versions record differently, and the newer one ends the daemon of the older.',
    `Keep one of them; this one is ${own}.`,
  );
  return { name, summary: onPath, findings: [finding] };
}

function isSame(one: string, other: string): boolean {
  try {
    // The launcher, its script and the npm command lie in one directory.
    return dirname(realpathSync(one)) === dirname(realpathSync(other));
  } catch {
    return false;
  }
}
