import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { AGENT_SETTINGS } from '../../src/agents/settings/settings-files.ts';
import { changeSettings, type InstallRequest } from '../../src/app/install/install.ts';
import { statePaths } from '../../src/config/home/paths.ts';
import { temporaryDirectory } from '../support/temporary.ts';

function aConfig(text: string) {
  const directory = temporaryDirectory();
  const path = join(directory, 'config.toml');
  writeFileSync(path, text);
  const work = (name: InstallRequest['work'], more: Partial<InstallRequest> = {}) =>
    changeSettings({
      work: name,
      agent: AGENT_SETTINGS.codex,
      files: [{ path, scope: 'user' }],
      otherFiles: [],
      program: ['/opt/hookbus/bin/hookbus'],
      isChosen: () => true,
      sets: () => ({}),
      isDryRun: false,
      paths: statePaths(join(directory, 'state')),
      env: {},
      now: Date.now,
      ...more,
    });
  return { work, text: () => readFileSync(path, 'utf8') };
}

const TABLES = (command: string): string => `model = "x" # command = "no"
[[hooks.PreToolUse]]
matcher = "^Bash$"

[[hooks.PreToolUse.hooks]]
type = "command"
command = ${command}   # mine
timeout = 5

[hooks.state."/x/config.toml:pre_tool_use:0:0"]
trusted_hash = "sha256:1"
`;

const COMMANDS = [
  '"python3 /x/guard.py"',
  "'python3 /x/guard.py'",
  `'[[ a == a* ]] && echo "no" >&2; exit 2'`,
  '"jq -r \\".a\\" | grep \'b\' # \\u00e9"',
  '"""\n  echo a \\\n    b; exit 2"""',
  "'''\necho 'a' # x\nexit 2\n'''",
  '"printf \\U0001F680 | cat"',
];

describe.each(COMMANDS)('a command written %s', (command) => {
  it('is wrapped in place and restored to the byte', () => {
    const text = TABLES(command);
    const config = aConfig(text);
    const [report] = config.work('install');
    expect(report?.hooks[0]?.action).toBe('wrapped');
    const wrapped = config.text();
    const own = (all: string) =>
      parse(all) as { hooks: { PreToolUse: { hooks: { command: string }[] }[] } };
    const becomes = own(wrapped).hooks.PreToolUse[0]?.hooks[0]?.command ?? '';
    expect(becomes).toBe(report?.hooks[0]?.becomes);
    expect(becomes).toContain('/opt/hookbus/bin/hookbus run');
    expect(wrapped.replace(JSON.stringify(becomes), command)).toBe(text);
    config.work('install');
    expect(config.text()).toBe(wrapped);
    config.work('install', { program: ['/elsewhere/hookbus'] });
    expect(config.text()).toContain('/elsewhere/hookbus');
    config.work('uninstall');
    expect(config.text()).toBe(text);
  });
});

it('inline tables, dotted keys and two equal commands keep their places', () => {
  const text = [
    'hooks.Stop = [{ hooks = [{ type = "command", command = "./a.sh" }, { "command" = \'./a.sh\', type = "command" }] }]',
    'x = """command = "./a.sh" """',
    'command = "./a.sh"',
    '',
  ].join('\r\n');
  const config = aConfig(text);
  config.work('install');
  expect(config.text().match(/hookbus run/g)?.length).toBe(2);
  expect(config.text()).toContain('x = """command = "./a.sh" """\r\ncommand = "./a.sh"\r\n');
  config.work('uninstall');
  expect(config.text()).toBe(text);
});

it('a file that is not TOML is refused, and nothing is written', () => {
  const config = aConfig('[[hooks.Stop]\n');
  expect(() => config.work('install')).toThrow('is not valid TOML at line 1');
  expect(config.text()).toBe('[[hooks.Stop]\n');
});
