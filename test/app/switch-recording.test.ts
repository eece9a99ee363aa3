import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AGENT_SETTINGS } from '../../src/agents/settings/settings-files.ts';
import { changeSettings } from '../../src/app/install/install.ts';
import { type SwitchRequest, switchRecording } from '../../src/app/install/switch-recording.ts';
import { statePaths } from '../../src/config/home/paths.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** A settings file, which need not exist, and what switches recording in it. */
function aFile(text?: string) {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, '.claude'));
  const path = join(directory, '.claude', 'settings.json');
  if (text !== undefined) writeFileSync(path, text);
  const common = {
    agent: AGENT_SETTINGS.claude,
    files: [{ path, scope: 'user' as const }],
    isDryRun: false,
    paths: statePaths(join(directory, 'state')),
    env: {},
    now: Date.now,
  };
  const change = (work: 'install' | 'uninstall') =>
    changeSettings({
      ...common,
      work,
      otherFiles: [],
      program: ['/opt/hookbus/bin/hookbus'],
      isChosen: () => true,
      sets: () => ({}),
    });
  return {
    path,
    install: () => change('install'),
    uninstall: () => change('uninstall'),
    set: (values: SwitchRequest['values'], more: Partial<SwitchRequest> = {}) =>
      switchRecording({ ...common, values, ...more })[0],
    text: () => readFileSync(path, 'utf8'),
  };
}

const ON = { HOOKBUS_ENABLED: '1', HOOKBUS_STORE_RAW: 'deny,error' };
const OFF = { HOOKBUS_ENABLED: null, HOOKBUS_STORE_RAW: null };
const HOOKS = '"hooks": { "Stop": [{ "hooks": [{ "type": "command", "command": "./x.sh" }] }] }';

describe.each([
  ['no env block', `{ ${HOOKS} }\n`],
  ['no hooks', '{\n  "model": "opus"\n}\n'],
  ['nothing', '{}\n'],
  ['other variables', '{\n  "env": {\n    "A": "b"\n  },\n  "x": 1\n}'],
  ['an empty env block', '{"env":{ }}'],
  ['recording off', `{ "env": { "HOOKBUS_ENABLED": "off", "B": "" }, ${HOOKS} }`],
  ['no white space', `{"hooks":{},"env":{"A":"b"}}`],
])('a file with %s', (_, text) => {
  it('is restored to the byte when both are switched off, one by one', () => {
    const file = aFile(text);
    const report = file.set(ON);
    expect(report).toMatchObject({ isEnabled: true, variables: ON });
    expect(JSON.parse(file.text()).env).toMatchObject(ON);
    expect(file.set({ HOOKBUS_ENABLED: null })).toMatchObject({ isEnabled: false });
    expect(JSON.parse(file.text()).env).toMatchObject({ HOOKBUS_STORE_RAW: 'deny,error' });
    file.set({ HOOKBUS_STORE_RAW: null });
    expect(file.text()).toBe(text);
  });

  it('is restored by uninstall, whatever was switched before and after install', () => {
    const file = aFile(text);
    file.set({ HOOKBUS_STORE_RAW: '1' });
    file.install();
    file.set(ON);
    expect(JSON.parse(file.text()).env).toMatchObject(ON);
    file.uninstall();
    expect(file.text()).toBe(text);
  });
});

it('a file that is missing is made, and removed once nothing else is in it', () => {
  const file = aFile();
  expect(file.set(OFF)).toMatchObject({ after: '' });
  expect(file.set(ON, { isDryRun: true })).toMatchObject({ before: '', isEnabled: true });
  expect(existsSync(file.path)).toBe(false);
  file.set(ON);
  expect(JSON.parse(file.text())).toEqual({ env: ON });
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  file.set(OFF);
  expect(existsSync(file.path)).toBe(false);
  file.set(ON);
  writeFileSync(file.path, file.text().replace('{', '{ "model": "opus",'));
  file.uninstall();
  expect(JSON.parse(file.text())).toEqual({ model: 'opus' });
});

it('what the user set is switched off by "0", and stays off', () => {
  const file = aFile('{ "env": { "HOOKBUS_ENABLED": "true", "HOOKBUS_STORE_RAW": "none" } }');
  expect(file.set(OFF)).toMatchObject({ isEnabled: false });
  const off = '{ "env": { "HOOKBUS_ENABLED": "0", "HOOKBUS_STORE_RAW": "none" } }';
  expect(file.text()).toBe(off);
  file.uninstall();
  expect(file.text()).toBe(off);
});

it('an env that is not an object is refused, and nothing is written', () => {
  const file = aFile('{ "env": [] }');
  expect(() => file.set(ON)).toThrow(/the env of .* is not an object/);
  expect(file.text()).toBe('{ "env": [] }');
});
