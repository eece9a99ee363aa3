import { isAbsolute, join, resolve, win32 } from 'node:path';

/** All paths in the state directory. */
export interface StatePaths {
  readonly home: string;
  readonly database: string;
  readonly spool: string;
  /** Unreadable records, kept so that somebody can examine them. */
  readonly quarantine: string;
  readonly gates: string;
  /** The daemon holds this lock while it runs. */
  readonly daemonLock: string;
  /** Its age shows when an engine last tried to start a daemon. */
  readonly daemonTried: string;
  readonly config: string;
  readonly log: string;
  /** What `install` knows about each settings file that it wrote, and the file's former contents. */
  readonly settings: string;
  /** The host name of the dashboard's page. */
  readonly dashboardHost: string;
  /** Opens the dashboard in a browser, but only once. */
  readonly dashboardOpener: string;
  /** Held while settings files are written. */
  readonly settingsLock: string;
  /** Held while a drill runs hooks. */
  readonly drillLock: string;
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
    drillLock: join(home, 'drill.lock'),
  };
}

/** The daemon's socket. The path may be too long for a socket; daemon/connect.ts works around that. */
export const socketPath = (home: string): string => join(home, 'bus.sock');

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The default state directory. HOME is trusted: whoever can set HOME for a hook can also set PATH or LD_PRELOAD, and so
 * controls the hook itself. Undefined without an absolute HOME.
 */
export function defaultHome(env: Environment, platform = process.platform): string | undefined {
  if (platform === 'win32') {
    const local = env['LOCALAPPDATA'];
    return local && win32.isAbsolute(local) ? win32.join(local, 'hookbus') : undefined;
  }
  const home = env['HOME'];
  return home && isAbsolute(home) ? join(home, '.local', 'state', 'hookbus') : undefined;
}

/**
 * The state directory: `HOOKBUS_HOME`, else `$XDG_STATE_HOME/hookbus`, else `~/.local/state/hookbus`, on Windows
 * `%LOCALAPPDATA%\\hookbus`. A leading `~/` is the home directory, since no shell expands it in an agent's settings.
 * Undefined if no variable gives a directory: hooks then run unrecorded.
 */
export function stateHome(env: Environment, platform = process.platform): string | undefined {
  const own = env['HOOKBUS_HOME'];
  if (platform === 'win32') return homeOnWindows(own, env);
  if (own && isInHome(own)) {
    const home = env['HOME'];
    return home && isAbsolute(home) ? resolve(join(home, own.slice(1))) : undefined;
  }
  if (own && isAbsolute(own)) return resolve(own);
  // According to the XDG base directory specification, a relative path is invalid and must be ignored.
  const xdg = env['XDG_STATE_HOME'];
  return xdg && isAbsolute(xdg) ? join(xdg, 'hookbus') : defaultHome(env);
}

/**
 * Whether `HOOKBUS_HOME` is valid or not set. A relative path would depend on where a hook is started, so that any
 * repository could bring such a directory.
 */
export function isHomeUsable(env: Environment, platform = process.platform): boolean {
  const own = env['HOOKBUS_HOME'];
  if (!own) return true;
  if (isInHome(own)) return stateHome(env, platform) !== undefined;
  return platform === 'win32' ? HAS_DRIVE.test(own) : isAbsolute(own);
}

/** Without a drive, a path would depend on the drive that is current. */
const HAS_DRIVE = /^[a-z]:[\\/]/i;

/** USERPROFILE is set in every shell, HOME only in Git Bash. */
function homeOnWindows(own: string | undefined, env: Environment): string | undefined {
  if (own && isInHome(own)) {
    const home = env['USERPROFILE'];
    return home && win32.isAbsolute(home) ? win32.join(home, own.slice(1)) : undefined;
  }
  return own && HAS_DRIVE.test(own) ? win32.resolve(own) : defaultHome(env, 'win32');
}

const isInHome = (path: string): boolean => path === '~' || path.startsWith('~/');
