import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { canHavePolicy } from '../support/policy.ts';
import { temporaryDirectory } from '../support/temporary.ts';

if (canHavePolicy !== true)
  process.stderr.write(`install-managed.test.ts: skipped: ${canHavePolicy}\n`);

const FILE = '/etc/claude-code/managed-settings.json';
const DROP_IN = '/etc/claude-code/managed-settings.d/10-team.json';

const settings = (...commands: readonly string[]): string =>
  JSON.stringify({
    hooks: {
      PreToolUse: [{ hooks: commands.map((command) => ({ type: 'command', command })) }],
    },
  });

const FILES = { [FILE]: settings('/opt/guard.sh'), [DROP_IN]: settings('/opt/other.sh', 'a | b') };

const REPOSITORY = join(import.meta.dirname, '../..');

/** On the machines of these tests: an installation that only root can change, and every user can start. */
const PLACE = '/mnt/hookbus';
const INSTALL = `mount -t tmpfs -o mode=755 none /mnt; mkdir '${PLACE}'
cp -r '${REPOSITORY}/bin' '${REPOSITORY}/dist' '${PLACE}'; ln -s '${REPOSITORY}/node_modules' '${PLACE}'
chown -R 0:0 '${PLACE}'; chmod -R u=rwX,go=rX '${PLACE}'`;

/** Runs shell lines on a machine with these files; `hookbus` is a function there. @returns what they print */
function onMachine(lines: string, files: Readonly<Record<string, string>> = FILES) {
  const home = temporaryDirectory();
  mkdirSync(join(home, '.claude'));
  const written = Object.entries(files).map(
    ([path, text]) => `mkdir -p '${join(path, '..')}'; printf '%s' '${text}' >'${path}'`,
  );
  const script = [
    'umask 022; mount -t tmpfs none /etc',
    INSTALL,
    ...written,
    `hookbus() { '${execPath}' '${PLACE}/bin/hookbus.js' "$@"; }`,
    lines,
  ].join('\n');
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: home, HOOKBUS_DAEMON: 'off' };
  const ran = spawnSync('unshare', ['--mount', 'sh', '-c', script], { env, encoding: 'utf8' });
  return { ...ran, home };
}

describe.skipIf(canHavePolicy !== true)('install --scope managed', () => {
  it('wraps every managed file with its absolute path, keeps a backup, and uninstall restores the bytes', () => {
    const { stdout, stderr } = onMachine(
      `
      hookbus install --scope managed --dry-run --json; cat '${FILE}'; echo
      hookbus install --scope managed --enable --yes --json >/dev/null; cat '${FILE}'; echo; cat '${DROP_IN}'; echo
      hookbus install --scope managed --enable --yes --json
      hookbus uninstall --scope managed --json >/dev/null; cat '${FILE}'; echo; cat '${DROP_IN}'; echo`,
    );
    expect(stderr).toBe('');
    const printed = stdout.split('\n').filter((line) => line.startsWith('{"'));
    const [bare, first, second, ...restored] = printed;
    expect(bare).toBe(FILES[FILE]);
    const program = `set -- ${PLACE}/bin/hookbus run`;
    for (const text of [first, second]) {
      expect(text).toContain(program);
      expect(JSON.parse(text ?? '').env).toEqual({ HOOKBUS_ENABLED: '1' });
    }
    expect(restored).toEqual([FILES[FILE], FILES[DROP_IN]]);
    expect(stdout).toContain('"dry_run": true');
    expect(stdout).toContain('"scope": "managed"');
    expect(stdout.match(/"changed": false/g)).toHaveLength(2);
  });

  it("leaves root's own settings alone, and says how to undo it", () => {
    const { home, stdout } = onMachine(`
      printf '%s' '${settings('/opt/mine.sh')}' >"$HOME/.claude/settings.json"
      hookbus install --scope managed --enable --yes`);
    expect(readFileSync(join(home, '.claude/settings.json'), 'utf8')).toBe(
      settings('/opt/mine.sh'),
    );
    expect(stdout).toContain('hookbus uninstall --scope managed  undo');
  });

  it.each([
    [
      `setpriv --reuid 4002 --clear-groups '${execPath}' '${PLACE}/bin/hookbus.js' install --scope managed`,
      'only root may change the settings that an administrator manages. Try: sudo -H hookbus',
    ],
    ['hookbus install --scope managed --scope user', 'cannot be combined with another scope'],
    ['hookbus install --scope managed --all-hooks', '--all-hooks is for one user'],
    [
      'hookbus install --scope managed --agent gemini',
      'no settings file of Gemini CLI at /etc/gem',
    ],
    [
      'hookbus install --scope managed --agent cline',
      '--scope must be one of user, project, local',
    ],
    [`hookbus install --settings ${FILE}`, 'As root: hookbus install --scope managed'],
    [
      `chown 4002 '${PLACE}'; hookbus install --scope managed`,
      '/mnt/hookbus belongs to user 4002, not to root',
    ],
    [
      `chmod 777 '${PLACE}/bin'; hookbus install --scope managed`,
      'users other than root can write to /mnt/hookbus/bin',
    ],
    [
      `mkdir /mnt/user; mv '${PLACE}/bin/hookbus' /mnt/launcher; ln -s ../launcher /mnt/user/link
      ln -s /mnt/user/link '${PLACE}/bin/hookbus'; chown 4002 /mnt/user; hookbus install --scope managed`,
      '/mnt/user belongs to user 4002, not to root',
    ],
    [
      `chmod 700 '${PLACE}'; hookbus install --scope managed`,
      'not every user can use /mnt/hookbus',
    ],
  ])('%s is refused in one line, and changes nothing', (line, problem) => {
    const { stdout, stderr } = onMachine(`${line}; echo "exit $?"; cat '${FILE}'`);
    expect(stdout).toBe(`exit 1\n${FILES[FILE]}`);
    expect(stderr).toContain(problem);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('wraps the hooks of other agents where they are managed', () => {
    const files = {
      '/etc/gemini-cli/settings.json': settings('/opt/g.sh').replace('PreToolUse', 'BeforeTool'),
      '/etc/qwen-code/settings.json': settings('/opt/q.sh'),
      '/etc/factory/settings.json': settings('/opt/d.sh'),
      '/etc/codex/hooks.json': settings('/opt/c.sh'),
      '/etc/codex/requirements.toml': 'model = "x"\n',
      '/etc/github-copilot/policy.d/a.json':
        '{"hooks": {"preToolUse": [{"type": "command", "bash": "/opt/p.sh"}]}}',
    };
    const agents = ['gemini', 'qwen', 'droid', 'codex', 'copilot'];
    const { stdout } = onMachine(
      agents.map((agent) => `hookbus install --scope managed --agent ${agent} --json`).join('\n'),
      files,
    );
    expect(stdout.match(/"action": "wrapped"/g)).toHaveLength(agents.length);
    expect(stdout.match(/"path"/g)).toHaveLength(agents.length);
  });
});
