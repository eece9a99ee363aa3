import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { AgentSettings, Places } from '../../../agents/settings/agent-settings.ts';
import { SHELL_COPY, shellPrefixIn } from '../../../agents/settings/env-block.ts';
import { AGENT_SETTINGS } from '../../../agents/settings/settings-files.ts';
import type { Environment } from '../../../config/settings.ts';
import { reasonOf } from '../../../domain/errors.ts';
import { isOwn } from '../../../os/own-file.ts';
import { findSettings, ownSettings } from '../find-settings.ts';
import { tryInspect } from '../inspect-settings.ts';
import { settingsError } from '../settings-file.ts';

/** Beside the user's settings file, so that whoever deletes or moves one has the other in view. */
export interface ShellPlace {
  readonly directory: string;
  /** The copy of the launcher: hooks run without recording as long as it is there, whatever else is missing. */
  readonly copy: string;
  /** A link to the launcher that records. C port: src/launcher/shell.c. */
  readonly link: string;
}

/** Where `install --all-hooks` puts its files; undefined if the user has no place for settings. */
function shellPlace(places: Places): ShellPlace | undefined {
  const own = ownSettings(AGENT_SETTINGS.claude, places);
  if (own === undefined) return undefined;
  const directory = join(dirname(own.path), 'hookbus');
  return { directory, copy: join(directory, SHELL_COPY), link: join(directory, 'launcher') };
}

/** What may keep every hook from being recorded. */
export interface AllHooksFacts {
  readonly agent: AgentSettings;
  readonly places: Places;
  /** The words that start HookBus. */
  readonly program: readonly string[];
  /** The program that runs this; it is no launcher. */
  readonly node: string;
  readonly env: Environment;
}

/** Checks that every hook can be recorded. @throws HookbusError `E_SETTINGS_FILE` */
export function requireAllHooks(facts: AllHooksFacts): ShellPlace {
  const place = shellPlace(facts.places);
  const why = whyNot(facts, place);
  if (place !== undefined && why === undefined) return place;
  throw settingsError(`--all-hooks: ${why ?? 'HOME is not set'}`, 'Nothing was changed.');
}

function whyNot(
  { agent, places, program, node, env }: AllHooksFacts,
  place: ShellPlace | undefined,
): string | undefined {
  if (agent.agent !== 'claude')
    return `${agent.title} has no variable for it, only Claude Code has`;
  if (program.length !== 1 || program[0] === node) {
    return 'there is no launcher, and through Node.js each Bash call would take tens of ms longer';
  }
  const own = ownSettings(agent, places)?.path ?? '';
  const link = [own, dirname(own)].find(isLink);
  if (link !== undefined) {
    return `${link} is a link: on another machine that uses the same file, no command of Claude Code would run`;
  }
  // Claude Code takes what follows the last of these for arguments.
  if (place?.copy.includes(' -')) return `a blank and a dash follow each other in ${place.copy}`;
  const other = foreignPrefix(places, env, place?.copy);
  return other && `${other}, and only one program can stand before every hook`;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Who sets the variable to another program. */
function foreignPrefix(
  places: Places,
  env: Environment,
  own: string | undefined,
): string | undefined {
  const here = env['CLAUDE_CODE_SHELL_PREFIX']?.trim() ?? '';
  const others = prefixesIn(places).filter(({ value }) => value !== own);
  if (here !== '' && here !== own) others.push({ path: 'this shell', value: here });
  const [first] = others;
  return first && `${first.path} sets CLAUDE_CODE_SHELL_PREFIX to ${first.value} already`;
}

/** Claude Code's settings files that set the variable, the one that counts last. */
function prefixesIn(places: Places): { path: string; value: string }[] {
  const agent = AGENT_SETTINGS.claude;
  return findSettings(agent, places).flatMap(({ path }) => {
    const file = tryInspect(path, agent);
    const value = file && shellPrefixIn(file.root);
    return value === undefined ? [] : [{ path, value }];
  });
}

/** Makes the copy and the link. @throws HookbusError `E_SETTINGS_FILE` if they cannot be made, or do not run */
export function placeShell({ directory, copy, link }: ShellPlace, launcher: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const stat = lstatSync(directory);
    if (!stat.isDirectory() || !isOwn(stat) || (stat.mode & 0o022) !== 0)
      throw new Error('others can write there, or it is no directory of yours');
    replace(link, (path) => symlinkSync(launcher, path));
    if (!isSame(copy, launcher)) replace(copy, (path) => copyProgram(launcher, path));
  } catch (error) {
    throw settingsError(`--all-hooks: ${directory} cannot be used: ${reasonOf(error)}`);
  }
  const why = whyNotRunning(copy);
  if (why !== undefined) throw settingsError(`--all-hooks: ${copy} ${why}`, 'Nothing was changed.');
}

function replace(path: string, make: (path: string) => void): void {
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  make(temporary);
  renameSync(temporary, path);
}

/** On the disk before anything names it: after a power failure the file could be empty. */
function copyProgram(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_EXCL);
  chmodSync(to, 0o755);
  const file = openSync(to, 'r');
  fsyncSync(file);
  closeSync(file);
}

function isSame(path: string, other: string): boolean {
  try {
    return (statSync(path).mode & 0o100) !== 0 && readFileSync(path).equals(readFileSync(other));
  } catch {
    return false;
  }
}

/** How long it may take to run a line that does nothing. */
const LIMIT_MS = 5000;

/** What a hook would see. */
const HOOK_ENV = { PATH: '/usr/bin:/bin', CLAUDE_PROJECT_DIR: '/', CLAUDE_CODE_CHILD_SESSION: '1' };

function whyNotRunning(copy: string): string | undefined {
  const { status, error } = spawnSync(copy, ['exit 7'], {
    env: HOOK_ENV,
    stdio: 'ignore',
    timeout: LIMIT_MS,
  });
  if (status === 7) return undefined;
  return `does not run a hook: ${error === undefined ? `exit code ${status} instead of 7` : reasonOf(error)}`;
}

/** Whether every hook of Claude Code goes through HookBus here, and what is wrong with that. */
export interface AllHooks {
  /** The value that counts; undefined: none of HookBus's. */
  readonly prefix: string | undefined;
  /** `stopped`: no command of Claude Code runs. `unrecorded`: all run, and are not recorded. */
  readonly fault?: { readonly kind: 'stopped' | 'unrecorded'; readonly reason: string };
}

export function readAllHooks(places: Places): AllHooks {
  const prefix = prefixesIn(places).at(-1)?.value;
  // A repository may name a program of its own, which must not be run.
  if (prefix === undefined || prefix !== shellPlace(places)?.copy) return { prefix: undefined };
  const why = whyNotRunning(prefix);
  if (why !== undefined) return { prefix, fault: { kind: 'stopped', reason: `${prefix} ${why}` } };
  const link = join(dirname(prefix), 'launcher');
  try {
    accessSync(link, constants.X_OK);
    if (!statSync(link).isFile() || statSync(link).size === 0) throw new Error('it is no program');
  } catch (error) {
    return { prefix, fault: { kind: 'unrecorded', reason: `${link}: ${reasonOf(error)}` } };
  }
  return { prefix };
}

/**
 * Removes the link once no settings file of the user's needs it. The copy stays: sessions that are open still start
 * everything with it, and would start nothing without.
 * @returns what is left
 */
export function retireShell(places: Places): ShellPlace | undefined {
  const place = shellPlace(places);
  if (place === undefined || lstatSync(place.copy, { throwIfNoEntry: false }) === undefined)
    return undefined;
  if (prefixesIn(places).some(({ value }) => realOf(value) === realOf(place.copy)))
    return undefined;
  rmSync(place.link, { force: true });
  return place;
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
