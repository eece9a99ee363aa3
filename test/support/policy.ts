import { spawnSync } from 'node:child_process';

/** A test can have a different /etc only in a separate mount namespace. */
export const canHavePolicy: true | string =
  (process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0) ||
  'only root can have a separate /etc in a namespace';

/**
 * Words that make a command run on a machine with this policy, which belongs to root and is readable by all.
 * @param room an empty directory
 * @param change shell lines to run in /etc before the command
 */
export function underPolicy(room: string, policy: string, change = ''): string[] {
  const script = `
    mount -t tmpfs tmpfs "$1"
    cp -a /etc/. "$1"
    mount --bind "$1" /etc
    rm -rf /etc/hookbus
    mkdir -m 755 /etc/hookbus
    printf '%s' "$2" >/etc/hookbus/policy.json
    chmod 644 /etc/hookbus/policy.json
    ( cd /etc; eval "$3" )
    shift 3
    exec "$@"`;
  return ['unshare', '--mount', 'sh', '-ec', script, 'sh', room, policy, change];
}

/**
 * The same with files of root's in /etc/hookbus, by their names there, such as `config.json` or `config.d/10-team.json`,
 * and no protected hook.
 */
export function underConfigPolicy(
  room: string,
  files: Readonly<Record<string, unknown>>,
  change = '',
): string[] {
  const written = Object.entries(files).map(([name, content]) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    return `printf '%s' '${text.replaceAll("'", "'\\''")}' >'hookbus/${name}'`;
  });
  const lines = ['umask 022', 'rm hookbus/policy.json', 'mkdir hookbus/config.d', ...written];
  return underPolicy(room, '', [...lines, change].join('\n'));
}
