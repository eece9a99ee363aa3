import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { reasonAgainst, startsScript, withSlashes } from '../../src/domain/hook/git-bash.ts';
import { findWrapping, unwrap, wrap, wrappingOf } from '../../src/domain/hook/wrapping.ts';
import { CLI } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const PATHS = [
  ['C:\\Program Files\\nodejs\\node.exe', 'C:\\Users\\me\\hookbus\\bin\\hookbus.js'],
  [`D:\\it's 100% $HOME & \`id\` "x" !1;\\node.exe`, 'e:\\ü (1) [a]\\{b,c}\\~x\\hookbus.js'],
] as const;

const LINES = [
  'cat',
  'cat; exit 2',
  `printf '%s|' /check "a b" 'it'"'"'s' '*' "$GREETING" $# "$0"; cat | tr a-z A-Z; exit 2`,
  'printf "%s|" "it\'s" /c //x c:/y; exit 7',
  'if read -r x; then echo "$x" >&2; exit 2; fi',
  'a=1; echo $((a + 1)) `echo b` $(echo c) # a remark',
  "cat <<'E'\n$HOME\nE\nexit 3",
  'no-such-program-anywhere',
  'echo "\\$x" \\; "tab\\t" | cat',
];

/** The paths as Git Bash reads them; here they lead into the working directory. */
function aDrive(paths: readonly string[]) {
  const directory = temporaryDirectory();
  const program = withSlashes(paths) ?? [];
  const [node = '', script = ''] = program.map((path) => join(directory, path));
  const log = join(directory, 'started');
  for (const path of [node, script]) mkdirSync(dirname(path), { recursive: true });
  writeFileSync(node, `#!/bin/sh\necho "$*" >>'${log}'\nshift\nexec '${execPath}' '${CLI}' "$@"\n`);
  chmodSync(node, 0o755);
  writeFileSync(script, 'here');
  const run = (line: string): SpawnSyncReturns<Buffer> =>
    spawnSync('/bin/bash', ['-c', line], {
      cwd: directory,
      input: 'payload\n',
      // Without a level, bash reads .bashrc when its stdin is a socket, as it is here.
      env: { PATH: process.env['PATH'], GREETING: 'a  b', HOME: directory, SHLVL: '1' },
    });
  const seen = (line: string) => {
    const { status, stdout, stderr } = run(line);
    const own = stderr.toString().replace(/^.*(?:bash|hookbus): (?:line \d+: )?/gm, '');
    return { status, stdout: stdout.toString(), stderr: own };
  };
  return { directory, program, node, script, log, seen };
}

const wrapped = (line: string, program: readonly string[], name?: string): string =>
  wrap(line, wrappingOf(line, { program, shell: 'git-bash', name }));

describe('a line for Git Bash', () => {
  it.each(PATHS)('runs a hook by %s as without HookBus, and without HookBus too', (...paths) => {
    for (const line of LINES) {
      const drive = aDrive(paths);
      const own = wrapped(line, drive.program);
      const bare = drive.seen(line);
      expect(drive.seen(own), line).toEqual(bare);
      rmSync(drive.log);
      for (const spoil of [
        () => truncateSync(drive.script),
        () => rmSync(drive.script),
        () => chmodSync(drive.node, 0o644),
        () => rmSync(drive.node),
      ]) {
        spoil();
        expect(drive.seen(own), line).toEqual(bare);
        expect(spawnSync('test', ['-e', drive.log]).status).toBe(1);
      }
    }
  });

  it('gives bash each line as one word with a blank before any slash', () => {
    const [paths] = PATHS;
    for (const line of LINES) {
      const { directory, program, node } = aDrive(paths);
      writeFileSync(node, '#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done\n');
      const { stdout } = spawnSync('/bin/bash', ['-c', wrapped(line, program, 'a name')], {
        cwd: directory,
      });
      const words = stdout.toString().split('\0').slice(1, -1);
      expect(words).toEqual(['run', '--name', 'a name', '--', '/bin/bash', '-c', ` ${line}`]);
    }
  });

  it.each(PATHS)('is found again, with %s', (...paths) => {
    const program = withSlashes(paths) ?? [];
    for (const line of [...LINES, './guard.sh x', `"$CLAUDE_PROJECT_DIR"/it's.sh`]) {
      for (const name of [undefined, "it's"]) {
        const text = wrapped(line, program, name);
        for (const shell of ['git-bash', 'sh', 'bash', 'own'] as const) {
          const found = findWrapping(text, shell);
          expect(found).toMatchObject({ program, isGuarded: true });
          expect(found && unwrap(text, found)).toBe(line);
        }
      }
    }
  });

  it.each([
    ['.claude/hooks/guard.sh', true],
    ['"$CLAUDE_PROJECT_DIR"/.claude/hooks/guard.sh --x', true],
    ["'C:/my hooks/guard.sh'", true],
    ['C:/my\\ hooks/guard.sh a', true],
    ['bash guard.sh', false],
    ['guard.sh.py', false],
    ['cd x; ./guard.sh', false],
  ])('%s begins with a script: %s', (line, isScript) => {
    expect(startsScript(line)).toBe(isScript);
    expect(wrapped(line, ['C:/node.exe', 'C:/hookbus.js']).includes('-c \\ bash\\ ')).toBe(
      isScript,
    );
  });

  it('is not made where Windows or Git Bash would change it', () => {
    expect(reasonAgainst(String.raw`grep 'a\\b'`)).toContain('two backslashes');
    expect(reasonAgainst('x'.repeat(4001))).toContain('too long');
    expect(reasonAgainst(String.raw`grep 'a\b'`)).toBeUndefined();
    expect(withSlashes(['C:\\node.exe', '\\\\server\\hookbus.js'])).toBeUndefined();
  });
});
