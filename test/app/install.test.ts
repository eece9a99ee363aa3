import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execPath, getuid } from 'node:process';
import { describe, expect, it } from 'vitest';
import type { Scope } from '../../src/agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../src/agents/settings/settings-files.ts';
import { changeSettings, type InstallRequest } from '../../src/app/install/install.ts';
import { readSettingsFile, replaceSettingsFile } from '../../src/app/install/settings-file.ts';
import { statePaths } from '../../src/config/home/paths.ts';
import { EFFORT } from '../support/effort.ts';
import { hookbus } from '../support/hookbus.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FIXTURES = join(ROOT, 'fixtures/settings');
const NAMES = readdirSync(FIXTURES);
const PROGRAM = ['/opt/hookbus/bin/hookbus'];

/** A copy of a settings file in its own directory, and functions that change it. */
function aFile(text: string | Buffer, scope: Scope = 'user') {
  const directory = temporaryDirectory();
  const path = join(directory, 'settings.json');
  writeFileSync(path, text);
  const request = (work: InstallRequest['work'], more: Partial<InstallRequest> = {}) =>
    changeSettings({
      work,
      agent: AGENT_SETTINGS.claude,
      files: [{ path, scope }],
      otherFiles: [],
      program: PROGRAM,
      isChosen: () => true,
      sets: () => ({}),
      isDryRun: false,
      paths: statePaths(join(directory, 'state')),
      env: {},
      now: Date.now,
      ...more,
    });
  return {
    directory,
    path,
    request,
    install: (more: Partial<InstallRequest> = {}) => request('install', more),
    uninstall: (more: Partial<InstallRequest> = {}) => request('uninstall', more),
    bytes: () => readFileSync(path),
    text: () => readFileSync(path, 'utf8'),
  };
}

/** Whether to switch recording on too. */
const sets = (enables: boolean): Partial<InstallRequest> => ({
  sets: () => (enables ? { HOOKBUS_ENABLED: '1' } : {}),
});

const fixture = (name: string): Buffer => readFileSync(join(FIXTURES, name));

it.each([
  ['a NUL, with which no program is started', 'a\0b'],
  ['a line break', 'a\nb'],
  ['the form of an option', '--fail-open'],
  ['10 kB', 'a'.repeat(10_000)],
])('a remembered name with %s is forgotten', (_what, name) => {
  const file = aFile('{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"./guard.sh"}]}]}}');
  const names = join(file.directory, 'state/settings/names.json');
  file.install();
  file.uninstall();
  writeFileSync(names, readFileSync(names, 'utf8').replace('"guard"', JSON.stringify(name)));
  file.install();
  expect(file.text()).not.toContain('--name');
  expect(readFileSync(names, 'utf8')).toMatch(/: "guard"/);
});

it('a pipe in the place of the remembered names is not waited for', () => {
  const file = aFile('{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"./guard.sh"}]}]}}');
  const names = join(file.directory, 'state/settings/names.json');
  file.install();
  file.uninstall();
  rmSync(names);
  spawnSync('mkfifo', [names]);
  file.install();
  expect(file.text()).toContain(PROGRAM[0]);
});

it('there are at least 30 settings files', () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(30);
  const wrapped = NAMES.filter((name) =>
    aFile(fixture(name))
      .install()
      .some(({ hooks }) => hooks.some(({ action }) => action === 'wrapped')),
  );
  expect(wrapped.length).toBeGreaterThanOrEqual(30);
});

/** Settings without what `install` may change. */
function withoutCommands(text: Buffer): unknown {
  return JSON.parse(text.toString().replace(/^\ufeff/, ''), (key, value: unknown) => {
    if (['command', 'args', 'HOOKBUS_ENABLED'].includes(key)) return undefined;
    return key === 'env' && JSON.stringify(value) === '{}' ? undefined : value;
  });
}

const WAYS = [
  { scope: 'user', enables: false },
  { scope: 'user', enables: true },
  { scope: 'project', enables: false },
  { scope: 'project', enables: true },
] as const;

describe.each(WAYS)('in $scope scope, enabled: $enables', ({ scope, enables }) => {
  it.each(NAMES)('%s is restored to the byte', (name) => {
    const file = aFile(fixture(name), scope);
    file.install(sets(enables));
    const installed = file.bytes();
    expect(withoutCommands(installed)).toEqual(withoutCommands(fixture(name)));
    const { ino } = statSync(file.path);
    file.install(sets(enables));
    expect(file.bytes()).toEqual(installed);
    expect(statSync(file.path).ino).toBe(ino);
    file.uninstall();
    expect(file.bytes()).toEqual(fixture(name));
    file.uninstall();
    expect(file.bytes()).toEqual(fixture(name));
  });

  it.each(NAMES)('%s is restored without its ledger', (name) => {
    // Without the ledger, the earlier value is unknown.
    if (enables && /env-|by-hand/.test(name)) return;
    const file = aFile(fixture(name), scope);
    file.install(sets(enables));
    file.uninstall({ paths: statePaths(join(file.directory, 'other')) });
    expect(file.bytes()).toEqual(fixture(name));
  });
});

/** Changes of other programs that have nothing to do with hooks. */
const CHANGES: readonly ((text: string) => string)[] = [
  (text) => text.replace('{', '{ "first": [1.50, "\\u0041"],'),
  (text) => text.replace(/\}(\s*)$/, ', "last" : {"a":null}}$1'),
  (text) => text.replace(/"matcher": ?"[^"]*"/, '"matcher":"Changed"'),
  (text) =>
    text.replace(
      /"hooks":(\s*)\{/,
      '"hooks":$1{ "Added": [{"hooks":[{"type":"http","url":"u"}]}],',
    ),
  (text) => text.replace(/("type": ?"command")/g, '$1, "statusMessage": "…"'),
  (text) => text.replace(/"env": ?\{(?=\s*")/, '"env": {"MORE": "x", '),
  (text) => text.replaceAll(/(,)(\n)/g, '$1   $2'),
  (text) => `${text}\n\n`,
];

/** The same numbers each time. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % sides;
  };
}

// Each of some thousand writes waits for the disk.
it('restores the commands after any other change', () => {
  let tried = 0;
  for (let seed = 1; seed <= 160 * EFFORT; seed += 1) {
    const roll = dice(seed);
    const name = NAMES[roll(NAMES.length)] ?? '';
    const changes = Array.from({ length: 1 + roll(3) }, () => CHANGES[roll(CHANGES.length)]);
    const change = (text: string): string =>
      changes.reduce((changed, next) => next?.(changed) ?? changed, text);
    const original = fixture(name).toString();
    const scope = roll(2) === 0 ? 'user' : 'project';
    const enables = roll(2) === 0;
    // A change that conflicts with HookBus's block is made differently.
    if (enables && !/"env": ?\{\s*"/.test(original) && changes.includes(CHANGES[5])) continue;
    if (enables && (/^env-|no-hooks/.test(name) || changes.includes(CHANGES[1]))) continue;
    const wanted = change(original);
    try {
      JSON.parse(wanted.replace(/^\ufeff/, ''));
    } catch {
      continue;
    }
    const file = aFile(original, scope);
    file.install(sets(enables));
    writeFileSync(file.path, change(file.text()));
    file.install(sets(enables));
    file.uninstall();
    expect({ seed, name, text: file.text() }).toEqual({ seed, name, text: wanted });
    tried += 1;
  }
  expect(tried).toBeGreaterThan(80 * EFFORT);
});

describe('HOOKBUS_ENABLED', () => {
  const isOn = (text: string): boolean => text.includes('"HOOKBUS_ENABLED": "1"');

  it('is removed with its block, even after it was switched off and on', () => {
    const file = aFile(fixture('two-spaces.json'));
    file.install(sets(true));
    writeFileSync(
      file.path,
      file.text().replace('"HOOKBUS_ENABLED": "1"', '"HOOKBUS_ENABLED": "0"'),
    );
    file.install();
    expect(isOn(file.text())).toBe(false);
    file.install(sets(true));
    expect(isOn(file.text())).toBe(true);
    file.uninstall();
    expect(file.bytes()).toEqual(fixture('two-spaces.json'));
  });

  it('stays if the user set it', () => {
    const text = fixture('env-on-one-line.json')
      .toString()
      .replace('"DEBUG": ""', '"HOOKBUS_ENABLED": "1"');
    const file = aFile(text);
    file.install(sets(true));
    file.uninstall();
    expect(file.text()).toBe(text);
  });

  it('is removed from a block that has other entries by then, and those stay', () => {
    const file = aFile(fixture('two-spaces.json'));
    file.install(sets(true));
    writeFileSync(
      file.path,
      file.text().replace('"HOOKBUS_ENABLED": "1"', '"A": "b", "HOOKBUS_ENABLED": "1"'),
    );
    file.uninstall();
    expect(file.text()).toContain('"env": { "A": "b" }');
  });
});

describe('the file itself', () => {
  const text = fixture('two-spaces.json');

  it('keeps its mode', () => {
    const file = aFile(text);
    chmodSync(file.path, 0o640);
    file.install();
    expect(statSync(file.path).mode & 0o7777).toBe(0o640);
    file.uninstall();
    expect(statSync(file.path).mode & 0o7777).toBe(0o640);
  });

  it('is written through its symbolic links, which stay', () => {
    const file = aFile(text);
    const link = join(file.directory, 'link.json');
    const linked = join(file.directory, 'linked.json');
    symlinkSync('settings.json', link);
    symlinkSync(link, linked);
    file.install({ files: [{ path: linked, scope: 'user' }] });
    expect(lstatSync(linked).isSymbolicLink() && lstatSync(link).isSymbolicLink()).toBe(true);
    expect(file.text()).toContain('set -- /opt/hookbus/bin/hookbus run --; ');
  });

  it('is refused if it has a second name', () => {
    const file = aFile(text);
    linkSync(file.path, join(file.directory, 'second.json'));
    expect(() => file.install()).toThrow(/has 2 names \(hard links\)/);
    expect(file.bytes()).toEqual(text);
  });

  const isRoot = getuid?.() === 0;
  // Root may write everywhere; print that, because a skipped test looks like a passed one.
  if (isRoot)
    process.stderr.write(
      'install.test.ts: root can write to every directory, so one test is skipped\n',
    );

  it.skipIf(isRoot)('is refused if its directory cannot be written', () => {
    const file = aFile(text);
    const directory = join(file.directory, 'read-only');
    mkdirSync(directory);
    const path = join(directory, 'settings.json');
    copyFileSync(file.path, path);
    chmodSync(directory, 0o555);
    expect(() => file.install({ files: [{ path, scope: 'user' }] })).toThrow(/cannot be written/);
    chmodSync(directory, 0o755);
    expect(readFileSync(path)).toEqual(text);
  });

  it('is backed up once for each content that it had', () => {
    const file = aFile(text);
    const [first] = file.install();
    expect(readFileSync(first?.backup ?? '')).toEqual(text);
    expect(statSync(first?.backup ?? '').mode & 0o777).toBe(0o600);
    file.uninstall();
    const [third] = file.install();
    expect(third?.backup).toBe(first?.backup);
    writeFileSync(file.path, `${text.toString()}\n`);
    const [fourth] = file.install();
    expect(fourth?.backup).not.toBe(first?.backup);
    expect(readFileSync(first?.backup ?? '')).toEqual(text);
  });

  it('leaves no temporary file, not even of a writer that was killed', () => {
    const file = aFile(text);
    const leftover = join(file.directory, `.hookbus~${'0f'.repeat(16)}.new`);
    writeFileSync(leftover, '{"half');
    utimesSync(leftover, new Date(0), new Date(0));
    file.install();
    file.uninstall();
    expect(readdirSync(file.directory).sort()).toEqual(['settings.json', 'state']);
  });

  it('is never written through a file that somebody planted beside it', () => {
    const file = aFile(text);
    const victim = join(file.directory, 'victim');
    writeFileSync(victim, 'mine');
    const plant = (name: string) => symlinkSync(victim, join(file.directory, name));
    for (let number = 0; number < 1000; number += 1)
      plant(`.hookbus~${String(number).padStart(32, '0')}.new`);
    mkdirSync(join(file.directory, `.hookbus~${'f'.repeat(32)}.new`));
    file.install();
    expect(readFileSync(victim, 'utf8')).toBe('mine');
    expect(file.text()).toContain('/opt/hookbus/bin/hookbus run');
    expect(lstatSync(file.path).isFile()).toBe(true);
  });

  it('is not replaced if another program wrote it meanwhile', () => {
    const file = aFile(text);
    const read = readSettingsFile(file.path, false);
    writeFileSync(file.path, '{"news": 1}');
    expect(replaceSettingsFile(read, '{}')).toBe(false);
    expect(file.text()).toBe('{"news": 1}');
    expect(readdirSync(file.directory)).toEqual(['settings.json']);
  });
});

describe('invalid JSON is refused, with its line and column', () => {
  it.each([
    ['{\n  "a": 1,\n}\n', 'line 3, column 1'],
    ['{\n  // note\n  "a": 1\n}\n', 'line 2, column 3: a comment'],
    ['{"a": 1 "b": 2}', 'line 1, column 9: expected a comma'],
    ["{'a': 1}", 'line 1, column 2'],
    ['{"a": 01}', 'line 1, column'],
    ['{"a": "\t"}', 'line 1, column'],
    ['{"a": NaN}', 'line 1, column 7'],
    ['{"a": [1, 2}', 'line 1, column 12'],
    ['', 'line 1, column 1'],
    ['[]', 'line 1, column 1: expected an object'],
    ['{} {}', 'line 1, column 4'],
    ['{"a": "\\x"}', 'line 1, column'],
    [`${'['.repeat(100_000)}`, 'line 1, column'],
  ])('%j', (text, place) => {
    const file = aFile(text);
    expect(() => file.install()).toThrow(place);
    expect(file.text()).toBe(text);
  });

  it('bytes that are not UTF-8 are refused', () => {
    const bytes = Buffer.from([0x7b, 0x22, 0xe4, 0x22, 0x3a, 0x31, 0x7d]);
    const file = aFile(bytes);
    expect(() => file.install()).toThrow('is not valid UTF-8');
    expect(file.bytes()).toEqual(bytes);
  });

  it('no other file is written either', () => {
    const [good, bad] = [aFile(fixture('tabs.json')), aFile('{')];
    const files = [good, bad].map(({ path }) => ({ path, scope: 'user' as const }));
    expect(() => good.install({ files })).toThrow('line 1, column 2');
    expect(good.bytes()).toEqual(fixture('tabs.json'));
  });
});

describe('a hook', () => {
  const commandsIn = (text: string): string[] =>
    [...text.matchAll(/"command": ?("(?:[^"\\]|\\.)*")/g)].map((match) =>
      JSON.parse(match[1] ?? ''),
    );

  it('of two files has the same text in both, even if one of them is shared', () => {
    const text = fixture('pipelines.json').toString();
    const own = aFile(text);
    const shared = join(own.directory, 'shared.json');
    writeFileSync(shared, text);
    own.install({
      files: [
        { path: own.path, scope: 'user' },
        { path: shared, scope: 'project' },
      ],
    });
    expect(commandsIn(own.text())).toEqual(commandsIn(readFileSync(shared, 'utf8')));
    own.install();
    expect(commandsIn(own.text())).toEqual(commandsIn(readFileSync(shared, 'utf8')));
  });

  it('in a file that stays unchanged is not wrapped in another scope, until both files are', () => {
    const text = fixture('pipelines.json').toString();
    for (const [scope, other] of [
      ['user', 'project'],
      ['project', 'user'],
    ] as const) {
      const own = aFile(text);
      const path = join(own.directory, 'other.json');
      writeFileSync(path, text);
      const [report] = own.install({
        files: [{ path: own.path, scope }],
        otherFiles: [{ path, scope: other }],
      });
      expect(own.text()).toBe(text);
      expect(report?.hooks.map(({ action }) => action)).toContain('left');
      for (const { reason } of report?.hooks ?? []) expect(reason).toContain(`${path} has it too`);
      const files = [
        { path: own.path, scope },
        { path, scope: other },
      ];
      own.install({ files });
      const both = own.text();
      expect(commandsIn(both)).toEqual(commandsIn(readFileSync(path, 'utf8')));
      // Once both files have it, each can be changed alone.
      own.install({ files: [{ path: own.path, scope }], otherFiles: [{ path, scope: other }] });
      expect(own.text()).toBe(both);
    }
  });

  it('of a project does not take the absolute path from the user’s own file', () => {
    const text = JSON.stringify({
      hooks: { Stop: [{ hooks: [{ type: 'command', command: './guard.sh' }] }] },
    });
    const own = aFile(text);
    own.install();
    const before = own.text();
    expect(before).toContain('set -- /opt/hookbus/bin/hookbus run --; ');
    const path = join(own.directory, 'other.json');
    writeFileSync(path, text);
    own.install({
      files: [
        { path: own.path, scope: 'user' },
        { path, scope: 'project' },
      ],
    });
    expect(own.text()).toBe(before);
    // With two spellings it would run twice.
    expect(commandsIn(readFileSync(path, 'utf8'))).toEqual(commandsIn(before));
  });

  it('of version 0.1.0 is restored, and gets the current form', () => {
    const commands = [
      '/opt/hookbus/bin/hookbus run -- ./a.sh',
      "exec /opt/hookbus/bin/hookbus run --shell './a.sh | cat'",
      '[ -e /opt/hookbus/bin/hookbus ] && set -- /opt/hookbus/bin/hookbus run --; "$@" ./a.sh',
      'command -v hookbus >/dev/null && set -- hookbus run --; "$@" ./a.sh',
      `command -v hookbus >/dev/null && set -- hookbus run --name a --; exec "$@" /bin/sh -c './a.sh | cat'`,
    ];
    const program = { command: '/opt/hookbus/bin/hookbus', args: ['run', '--', 'node', 'x.js'] };
    const hooks = [...commands.map((command) => ({ command })), program];
    const settings = (list: object[]) =>
      JSON.stringify({
        hooks: { Stop: [{ hooks: list.map((hook) => ({ type: 'command', ...hook })) }] },
      });
    const text = settings(hooks);
    const bare = settings([
      ...['./a.sh', './a.sh | cat', './a.sh', './a.sh', './a.sh | cat'].map((command) => ({
        command,
      })),
      { command: 'node', args: ['x.js'] },
    ]);
    const file = aFile(text.replaceAll(',"', ', "'));
    file.uninstall();
    expect(file.text()).toBe(bare.replaceAll(',"', ', "'));
    for (const scope of ['user', 'project'] as const) {
      const again = aFile(text, scope);
      again.install();
      const fresh = aFile(bare, scope);
      fresh.install();
      // Runs are on record under this name.
      expect(again.text()).toBe(fresh.text().replaceAll('--name a-stop ', '--name a '));
      expect(again.text().match(/-s /g)).toHaveLength(6);
    }
  });

  it('gets the new path when hookbus has moved', () => {
    const file = aFile(fixture('exec-form.json'));
    const other = aFile(fixture('pipelines.json'));
    for (const { install, uninstall, text, bytes, path } of [file, other]) {
      const before = bytes();
      install({ program: ['/usr/bin/node', '/old/bin/hookbus.js'] });
      expect(text()).toContain('/old/bin/hookbus.js');
      install();
      expect(text()).not.toContain('/old/');
      const moved = text();
      writeFileSync(path, before);
      install();
      expect(text()).toBe(moved);
      uninstall();
      expect(bytes()).toEqual(before);
    }
  });

  it('that is not selected stays', () => {
    const file = aFile(fixture('same-command-twice.json'));
    const other = aFile(fixture('many-events.json'));
    other.install({ isChosen: (name) => name === 'prompt' });
    expect(other.text().match(/hookbus run/g)).toHaveLength(1);
    file.install(sets(true));
    file.uninstall({ isChosen: () => false });
    expect(file.text()).toContain('"HOOKBUS_ENABLED"');
    file.uninstall();
    expect(file.bytes()).toEqual(fixture('same-command-twice.json'));
  });

  it('wrapped by hand stays unchanged', () => {
    const file = aFile(fixture('by-hand.json'));
    const [report] = file.install();
    expect(report?.hooks.map(({ name, action }) => [name, action])).toEqual([
      ['guard-rm', 'by_hand'],
      ['audit', 'by_hand'],
      ['x', 'by_hand'],
      ['plain', 'wrapped'],
    ]);
  });
});

describe('several at once', () => {
  const words = (file: string, work: string): string[] => [
    join(ROOT, 'bin/hookbus.js'),
    work,
    '--agent',
    'claude',
    '--settings',
    file,
    '--scope',
    'user',
  ];

  it('two installs do not interfere', async () => {
    const file = aFile(fixture('many-events.json'));
    const env = { PATH: process.env['PATH'], HOME: file.directory };
    const both = await Promise.all(
      ['a', 'b', 'c'].map(async () => {
        const child = spawn(execPath, words(file.path, 'install'), { env, stdio: 'ignore' });
        const [code] = (await once(child, 'exit')) as [number];
        return code;
      }),
    );
    expect(both).toEqual([0, 0, 0]);
    expect(file.text().match(/hookbus run/g)).toHaveLength(9);
    expect(
      (await hookbus(['uninstall', '--settings', file.path], { HOME: file.directory })).exitCode,
    ).toBe(0);
    expect(file.bytes()).toEqual(fixture('many-events.json'));
  });

  it('a kill at any moment leaves the old file or the new one', async () => {
    const many = {
      hooks: {
        Stop: [
          {
            hooks: Array.from({ length: 600 }, (_, at) => ({
              type: 'command',
              command: `./hook-${at}.sh | cat`,
            })),
          },
        ],
      },
    };
    const file = aFile(JSON.stringify(many, null, 2));
    const [before, env] = [file.bytes(), { PATH: process.env['PATH'], HOME: file.directory }];
    const began = performance.now();
    expect(spawnSync(execPath, words(file.path, 'install'), { env }).status).toBe(0);
    const took = performance.now() - began;
    const after = file.bytes();
    for (let turn = 1; turn <= 12; turn += 1) {
      writeFileSync(file.path, before);
      const child = spawn(execPath, words(file.path, 'install'), { env, stdio: 'ignore' });
      const timer = setTimeout(() => child.kill('SIGKILL'), took * (0.4 + turn / 18));
      await once(child, 'exit');
      clearTimeout(timer);
      const now = file.bytes();
      expect(now.equals(before) || now.equals(after)).toBe(true);
    }
    expect(spawnSync(execPath, words(file.path, 'install'), { env }).status).toBe(0);
    expect(file.bytes()).toEqual(after);
  });
});
