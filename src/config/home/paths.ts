import { isAbsolute, join, resolve } from 'node:path';

/** Every place in the state directory. */
export interface StatePaths {
  readonly home: string;
  readonly database: string;
  readonly spool: string;
  /** Records that could not be read, kept for a person to look at. */
  readonly quarantine: string;
  readonly gates: string;
  /** Held by the daemon while it lives. */
  readonly daemonLock: string;
  /** Its age says when an engine last tried to start a daemon. */
  readonly daemonTried: string;
  readonly config: string;
  readonly log: string;
  /** What `install` knows of each settings file it wrote, and how that was before. */
  readonly settings: string;
  /** The host name of the dashboard's page. */
  readonly dashboardHost: string;
  /** Opens the dashboard in a browser, once. */
  readonly dashboardOpener: string;
  /** Held while settings files are written. */
  readonly settingsLock: string;
}

export function statePaths(home: string): StatePaths {
  return {
    home,
    database: join(home, 'hook_bus.db'),
    spool: join(home, 'spool'),
    quarantine: join(home, 'spool', 'unreadable'),
    gates: join(home, 'gates'),
    daemonLock: join(home, 'daemon.lock'),
    daemonTried: join(home, 'daemon.tried'),
    config: join(home, 'config.json'),
    log: join(home, 'hookbus.log'),
    dashboardHost: join(home, 'dashboard.host'),
    dashboardOpener: join(home, 'dashboard.html'),
    settings: join(home, 'settings'),
    settingsLock: join(home, 'settings.lock'),
  };
}

/** The daemon's socket. Its path may be longer than a socket's: daemon/connect.ts has the ways to it. */
export const socketPath = (home: string): string => join(home, 'bus.sock');

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The state directory where nothing else is said. HOME is believed: who sets that for a hook, or PATH, or LD_PRELOAD,
 * reaches the hook itself. Undefined where there is none.
 */
export function defaultHome(env: Environment): string | undefined {
  const home = env['HOME'];
  return home && isAbsolute(home) ? join(home, '.local', 'state', 'hookbus') : undefined;
}

/**
 * The state directory: `HOOKBUS_HOME`, else `$XDG_STATE_HOME/hookbus`, else `~/.local/state/hookbus`.
 * A leading `~/` is the home directory, since no shell expands it in an agent's settings.
 * Undefined when nothing says where: then hooks run unrecorded.
 */
export function stateHome(env: Environment): string | undefined {
  const own = env['HOOKBUS_HOME'];
  if (own && isInHome(own)) {
    const home = env['HOME'];
    return home && isAbsolute(home) ? resolve(join(home, own.slice(1))) : undefined;
  }
  if (own && isAbsolute(own)) return resolve(own);
  // The XDG base directory specification: a relative path is invalid and to be ignored.
  const xdg = env['XDG_STATE_HOME'];
  return xdg && isAbsolute(xdg) ? join(xdg, 'hookbus') : defaultHome(env);
}

/**
 * Whether `HOOKBUS_HOME` says where, if it is set. From wherever a hook is started, a relative path would be a directory
 * that anybody's repository can bring.
 */
export function isHomeUsable(env: Environment): boolean {
  const own = env['HOOKBUS_HOME'];
  if (!own) return true;
  return isInHome(own) ? stateHome(env) !== undefined : isAbsolute(own);
}

const isInHome = (path: string): boolean => path === '~' || path.startsWith('~/');
