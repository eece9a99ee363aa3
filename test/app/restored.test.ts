import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AgentName } from '../../src/agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../src/agents/settings/settings-files.ts';
import { changeSettings, type InstallRequest } from '../../src/app/install/install.ts';
import { switchRecording } from '../../src/app/install/switch-recording.ts';
import { statePaths } from '../../src/config/home/paths.ts';
import { EFFORT } from '../support/effort.ts';
import { createRandom, type Random } from '../support/random.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ROUNDS = 20 * EFFORT;

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T;

const LINES = [
  './guard.sh',
  'python3 /x/guard.py --strict',
  'jq -r .x | xargs ls',
  "echo 'it''s' >&2; exit 2",
  'printf "%s\\n" "$HOME"',
  '[[ a == a* ]] && exit 2',
  'echo é 🚀 \t x',
  'a\nb',
];

/** JSON as people and tools write it: any white space, escapes and order, comments where the agent allows them. */
function spelled(value: unknown, random: Random, comments: boolean): string {
  const gap = (): string =>
    pick(random, [
      '',
      '',
      ' ',
      '\n  ',
      '\t',
      '\r\n',
      comments ? ' // c "x"\n' : ' ',
      comments ? '/* { */' : '',
    ]);
  if (typeof value === 'string') {
    const text = JSON.stringify(value);
    return random(3) === 0
      ? text.replace(
          /[a-z/](?=[^\\]*$)/,
          (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
        )
      : text;
  }
  if (Array.isArray(value))
    return `[${value.map((item) => gap() + spelled(item, random, comments) + gap()).join(',')}${gap()}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) =>
        `${gap()}${JSON.stringify(name)}${gap()}:${gap()}${spelled(member, random, comments)}${gap()}`,
    );
    return `{${members.join(',')}${gap()}}`;
  }
  return JSON.stringify(value);
}

function aHook(agent: AgentName, random: Random): object {
  const field = agent === 'copilot' ? pick(random, ['bash', 'command']) : 'command';
  const parts: [string, unknown][] = [
    ['type', 'command'],
    [field, pick(random, LINES)],
    ...(random(2) === 0 ? [['timeout', random(9000) + 1] as [string, unknown]] : []),
    ...(random(2) === 0
      ? [
          ['env', pick<object>(random, [{}, { A: 'b' }, { HOOKBUS_ENABLED: '0', B: '' }])] as [
            string,
            unknown,
          ],
        ]
      : []),
    ...(random(3) === 0 ? [['name', 'x'] as [string, unknown]] : []),
  ];
  return Object.fromEntries(parts.sort(() => random(3) - 1));
}

function settingsOf(agent: AgentName, random: Random): string {
  const entries = () =>
    Array.from({ length: random(3) + 1 }, () => ({
      ...(random(2) === 0 ? { matcher: 'x' } : {}),
      hooks: Array.from({ length: random(3) }, () => aHook(agent, random)),
    }));
  const events = Object.fromEntries(
    ['PreToolUse', 'Stop', 'preToolUse'].slice(random(3)).map((event) => [event, entries()]),
  );
  const whole = agent === 'droid' && random(2) === 0 ? events : { a: 1, hooks: events, z: null };
  return spelled(whole, random, AGENT_SETTINGS[agent].allowsComments);
}

function tomlOf(random: Random): string {
  const string = (line: string): string => {
    const kinds = [JSON.stringify(line)];
    if (!/['\n]/.test(line)) kinds.push(`'${line}'`);
    if (!/'/.test(line)) kinds.push(`'''${line}'''`, `'''\n${line}'''`);
    if (!/[\\"]/.test(line)) kinds.push(`"""${line}"""`, `"""\\\n   ${line}"""`);
    return pick(random, kinds);
  };
  const hook = () => {
    const command = `command${pick(random, ['=', ' = ', '\t=  '])}${string(pick(random, LINES))}`;
    return pick(random, [
      `[[hooks.PreToolUse]]\n# command = "x"\n[[hooks.PreToolUse.hooks]]\ntype = "command"\n${command} # y\n`,
      `[[hooks.Stop]]\nhooks = [ { type = "command", ${command} } , {${command}, type='command'}]\r\n`,
      `[[hooks."Stop"]]\nmatcher = 'command = "x"'\n[[hooks.Stop.hooks]]\n${command}\ntype = "command"\ntimeout = 5\n`,
    ]);
  };
  const hooks = Array.from({ length: random(4) + 1 }, hook).join(pick(random, ['', '\n', '# z\n']));
  return `command = "top"\n${hooks}\n[hooks.state."a:b"]\ntrusted_hash = "c"\n`;
}

const NAMES: readonly AgentName[] = ['qwen', 'gemini', 'copilot', 'droid', 'auggie', 'codex'];

it.each([...NAMES, 'toml' as const])('any settings of %s are restored to the byte', (name) => {
  const agent = name === 'toml' ? 'codex' : name;
  let wrapped = 0;
  for (let seed = 1; seed <= ROUNDS; seed += 1) {
    const random = createRandom(seed);
    const text = name === 'toml' ? tomlOf(random) : settingsOf(agent, random);
    const directory = temporaryDirectory();
    const path = join(directory, name === 'toml' ? 'config.toml' : 'settings.json');
    writeFileSync(path, text);
    const common = {
      agent: AGENT_SETTINGS[agent],
      files: [{ path, scope: pick(random, ['user', 'project'] as const) }],
      isDryRun: false,
      paths: statePaths(join(directory, 'state')),
      env: {},
      now: Date.now,
    };
    const change = (work: InstallRequest['work'], isChosen = (_name: string) => true) =>
      changeSettings({
        ...common,
        work,
        otherFiles: [],
        program: ['/opt/a b/hookbus'],
        isChosen,
        sets: () => (random(2) === 0 ? {} : { HOOKBUS_ENABLED: '1', HOOKBUS_STORE_RAW: 'deny' }),
      });
    const [report] = change('install');
    wrapped += report?.hooks.filter(({ action }) => action === 'wrapped').length ?? 0;
    if (AGENT_SETTINGS[agent].hasHookEnv) {
      switchRecording({ ...common, values: { HOOKBUS_ENABLED: pick(random, ['1', null]) } });
    }
    change('uninstall', (hook) => hook.startsWith('g'));
    change('install');
    change('uninstall');
    expect({ seed, text: readFileSync(path, 'utf8') }).toEqual({ seed, text });
  }
  expect(wrapped).toBeGreaterThan(ROUNDS / 2);
});
