import { lstatSync } from 'node:fs';
import { geteuid } from 'node:process';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the system's programs are, whoever starts the daemon. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** C port: src/launcher/daemon_state.c. */
const KEPT =
  /^(?:HOME|USER|LOGNAME|LANG|LC_.*|TZ|XDG_.*|DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS)$/;

/** Windows needs these. */
const KEPT_ON_WINDOWS = /^(?:PATH|SYSTEMROOT|WINDIR|USERPROFILE|APPDATA|LOCALAPPDATA|TEMP|TMP)$/i;

interface DaemonEnvironmentOptions {
  /** A person starts the daemon, and may keep records for longer than config.json says. */
  readonly keepsRetention?: boolean;
  readonly env?: Environment;
}

/** The variables of a daemon, which serves all projects of its user: a short list, independent of who starts it. */
export function daemonEnvironment(
  home: string,
  { keepsRetention = false, env = process.env }: DaemonEnvironmentOptions = {},
): Record<string, string> {
  const isWindows = process.platform === 'win32';
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      (KEPT.test(entry[0]) || (isWindows && KEPT_ON_WINDOWS.test(entry[0]))),
  );
  const temporary = env['TMPDIR'];
  const retention = keepsRetention ? env['HOOKBUS_RETENTION_DAYS'] : undefined;
  return {
    ...Object.fromEntries(kept),
    ...(temporary !== undefined && isOwnDirectory(temporary) ? { TMPDIR: temporary } : {}),
    ...(isWindows ? {} : { PATH: SYSTEM_PATH }),
    // Otherwise glibc keeps freed memory for each thread, up to 10 MB, and what large buffers left.
    MALLOC_ARENA_MAX: '1',
    MALLOC_TRIM_THRESHOLD_: '65536',
    ...(retention === undefined ? {} : { HOOKBUS_RETENTION_DAYS: retention }),
    HOOKBUS_HOME: home,
  };
}

/** In any other directory, others could place files for the daemon to find. */
function isOwnDirectory(path: string): boolean {
  try {
    const stat = lstatSync(path);
    return (
      path.startsWith('/') &&
      stat.isDirectory() &&
      stat.uid === geteuid?.() &&
      (stat.mode & 0o022) === 0
    );
  } catch {
    return false;
  }
}
