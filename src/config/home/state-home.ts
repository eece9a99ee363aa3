import { closeSync, existsSync, fchmodSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { isCode, isOthersToWrite, isOwn, openOwnDirectory, ownUser } from '../../os/own-file.ts';
import type { HomeProblem, Settings } from '../settings.ts';
import { defaultHome } from './paths.ts';
import {
  isStamped,
  lastRefused,
  makeDirectories,
  noteRefused,
  removeStamp,
  stamp,
} from './stamp.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The state directory must belong to the user: its files can keep a hook from running, and the daemon runs commands from
 * it. This file decides whether a directory can be used, and says why if not. C port: src/launcher/home.c.
 */

/** The settings with a usable state directory, or with `homeProblem` and no directory. Makes nothing. */
export function withOwnHome(settings: Settings, env: Environment = process.env): Settings {
  return chooseHome(settings, (home) => lookAt(home, env));
}

/** The same for a process that records: makes a missing directory. Never throws. */
export function withMadeHome(settings: Settings, env: Environment = process.env): Settings {
  const made = chooseHome(settings, (home) => make(home, env));
  if (made.homeProblem !== undefined) noteRefused(made.homeProblem.home, env);
  return made;
}

/** What is wrong with the last state directory that a hook was given and could not use, if that is still so. */
export function findRefused(env: Environment = process.env): HomeProblem | undefined {
  const home = lastRefused(env);
  return home !== undefined && existsOrLink(home) ? lookAt(home, env) : undefined;
}

/** Makes the state directory if it is missing. @throws HookbusError `E_HOME` if it cannot be used */
export function makeStateHome(home: string, env: Environment = process.env): void {
  const problem = make(home, env);
  if (problem !== undefined) throw homeError(problem);
}

/** Trusts a directory from now on, whoever made it. @throws HookbusError `E_HOME` if it cannot be trusted */
export function trustHome(home: string, env: Environment = process.env): void {
  const problem = guarded(home, () => {
    makeDirectories(home);
    const unfit = unfitness(home);
    if (unfit !== undefined || home === defaultHome(env) || isStamped(home, env)) return unfit;
    removeStamp(home);
    stamp(home, env);
    return isStamped(home, env) ? undefined : unknown(home);
  });
  if (problem !== undefined) throw homeError(problem);
}

/** Why a directory cannot be trusted now; undefined if it can, or does not exist. */
export function findUnfitness(home: string): HomeProblem | undefined {
  return guarded(home, () => (existsOrLink(home) ? unfitness(home) : undefined));
}

/** Whether a directory is already trusted. */
export function isTrusted(home: string, env: Environment = process.env): boolean {
  return existsOrLink(home) && (home === defaultHome(env) || isStamped(home, env));
}

/** Removes the permissions of other users. @throws the file system's error */
export function closeToOthers(home: string): void {
  // Windows has no such permissions; a user's own directories are closed to other users.
  if (ownUser() === undefined) return;
  const directory = openOwnDirectory(home);
  try {
    fchmodSync(directory, 0o700);
  } finally {
    closeSync(directory);
  }
}

export function homeError({ what, fix }: HomeProblem): HookbusError {
  return new HookbusError('E_HOME', what, fix);
}

function chooseHome(
  settings: Settings,
  problemOf: (home: string) => HomeProblem | undefined,
): Settings {
  if (settings.paths === undefined) return settings;
  const homeProblem = problemOf(settings.paths.home);
  return homeProblem === undefined ? settings : { ...settings, paths: undefined, homeProblem };
}

/** A directory that is missing or empty holds nothing dangerous. */
function lookAt(home: string, env: Environment): HomeProblem | undefined {
  return guarded(home, () => {
    if (!existsOrLink(home)) return home === defaultHome(env) ? undefined : inWorkTree(home);
    const unfit = unfitness(home);
    if (unfit !== undefined || isKnownToBeOurs(home, env)) return unfit;
    if (isEmpty(home)) return inWorkTree(home);
    // Another process may have stamped it just now.
    return isStamped(home, env) ? undefined : unknown(home);
  });
}

function make(home: string, env: Environment): HomeProblem | undefined {
  return guarded(home, () => {
    const problem = lookAt(home, env);
    if (problem === undefined) {
      makeDirectories(home);
      if (!isKnownToBeOurs(home, env) && isEmpty(home)) stamp(home, env);
    } else if (!existsOrLink(home)) {
      return problem;
    }
    // Another process may have been faster, even during the check.
    return unfitness(home) ?? (isKnownToBeOurs(home, env) ? undefined : (problem ?? unknown(home)));
  });
}

/** Windows has no user ids to check. */
const isKnownToBeOurs = (home: string, env: Environment): boolean =>
  ownUser() === undefined || home === defaultHome(env) || isStamped(home, env);

function unfitness(home: string): HomeProblem | undefined {
  const stat = lstatSync(home);
  const elsewhere = 'Point HOOKBUS_HOME to a directory of your own.';
  if (stat.isSymbolicLink()) {
    const fix =
      'Point HOOKBUS_HOME to the directory itself, or put the directory in place of the link.';
    return { home, what: `the state directory ${home} is a link`, fix };
  }
  if (!stat.isDirectory()) {
    return {
      home,
      what: `the state directory ${home} cannot be used: it is not a directory`,
      fix: elsewhere,
    };
  }
  if (!isOwn(stat)) {
    return {
      home,
      what: `the state directory ${home} belongs to another user (${stat.uid})`,
      fix: elsewhere,
    };
  }
  if (!isOthersToWrite(stat)) return undefined;
  const bits = (stat.mode & 0o777).toString(8).padStart(4, '0');
  return {
    home,
    what: `others can write to the state directory ${home} (mode ${bits})`,
    fix: `chmod 700 ${home}`,
  };
}

/** In a work tree, a later pull could bring a gate. */
function inWorkTree(home: string): HomeProblem | undefined {
  let there = home;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  for (let path = realpathSync(there); ; path = dirname(path)) {
    if (existsOrLink(join(path, '.git'))) {
      const what = `the state directory ${home} is inside the git work tree ${path}, and a pull could bring gates`;
      return { home, what, fix: `hookbus trust ${home}` };
    }
    if (dirname(path) === path) return undefined;
  }
}

function unknown(home: string): HomeProblem {
  const what = `the state directory ${home} is not known to be yours: this HookBus did not make it`;
  return { home, what, fix: `hookbus trust ${home}` };
}

function guarded(home: string, look: () => HomeProblem | undefined): HomeProblem | undefined {
  try {
    return look();
  } catch (error) {
    const what = `the state directory ${home} cannot be used: ${reasonOf(error)}`;
    return {
      home,
      what,
      fix: 'Make it a directory that you can write, or point HOOKBUS_HOME somewhere else.',
    };
  }
}

const isEmpty = (home: string): boolean => readdirSync(home).length === 0;

function existsOrLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (isCode(error, 'ENOTDIR')) return false;
    throw error;
  }
}
