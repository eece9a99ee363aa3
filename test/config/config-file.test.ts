import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_CONFIG,
  parseConfig,
  readConfigFile,
  withoutSecrets,
} from '../../src/config/file/config-file.ts';
import { createConfigWatch } from '../../src/config/file/config-watch.ts';
import { editConfig } from '../../src/config/file/edit-config.ts';
import { makeState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const aPath = (): string => join(temporaryDirectory(), 'config.json');

describe('a config.json', () => {
  it('is shown without its secrets, but with the fact that they are set', () => {
    const reading = parseConfig(
      '{"alerts": {"webhook": "https://example.com/t0ken"}, "opentelemetry": {"headers": {"api-key": "k3y"}}}',
    );
    if (reading.state !== 'good') throw new Error('expected a valid config.json');
    const { alerts, opentelemetry } = withoutSecrets(reading.config);
    expect([alerts.command, alerts.webhook]).toEqual(['', '(hidden)']);
    expect(opentelemetry.headers).toEqual({ 'api-key': '(hidden)' });
  });

  it('sets its values, and the defaults for the rest', () => {
    const reading = parseConfig('{"breaker": {"enabled": true, "hooks": ["a", "b", "a"]}}');
    expect(reading).toEqual({
      state: 'good',
      config: {
        ...DEFAULT_CONFIG,
        breaker: { ...DEFAULT_CONFIG.breaker, enabled: true, hooks: ['a', 'b'] },
      },
    });
    expect(parseConfig('{}')).toEqual({ state: 'good', config: DEFAULT_CONFIG });
  });

  it('that is missing means the defaults', () => {
    expect(readConfigFile(aPath())).toMatchObject({ state: 'absent', config: DEFAULT_CONFIG });
  });

  it.each([
    ['', 'line 1, column 1: expected a value'],
    ['[]', 'line 1, column 1: expected an object'],
    ['{"breaker": {}', 'line 1, column 15: expected a closing brace'],
    ['{"breaker": {},}', 'line 1, column 16: expected'],
    ['{\n  // on\n  "breaker": {}}', 'line 2, column 3: comments are not allowed'],
    ['{"breaker": {}} x', 'line 1, column 17: expected'],
    ['{"braker": {}}', 'line 1, column 2: unknown section "braker"; known: breaker'],
    ['{"__proto__": {}}', 'line 1, column 2: unknown section "__proto__"'],
    ['{"breaker": 1}', 'line 1, column 13: breaker: expected an object'],
    ['{"breaker": {"toString": 1}}', 'line 1, column 14: unknown setting of breaker "toString"'],
    ['{"breaker": {},\r\n"breaker": {}}', 'line 2, column 1: "breaker" appears twice'],
    [
      '{"breaker": {\n"enabled": "yes"}}',
      'line 2, column 12: breaker.enabled: expected true or false, got "yes"',
    ],
    [
      '{"breaker": {"window": 2.5}}',
      'breaker.window: expected a whole number of executions from 1 to 1000, got 2.5',
    ],
    [
      '{"breaker": {"failure_share": 0}}',
      'breaker.failure_share: expected a number above 0 and up to 1, got 0',
    ],
    [
      '{"breaker": {"cooldown_seconds": null}}',
      'breaker.cooldown_seconds: expected a whole number',
    ],
    [
      '{"breaker": {"hooks": "lint"}}',
      'breaker.hooks: expected a list of hooks with their commands',
    ],
    ['{"breaker": {"hooks": [""]}}', 'breaker.hooks: expected a list of hooks with their commands'],
  ])('that is %j is refused, with the place', (text, problem) => {
    expect(parseConfig(text)).toEqual({
      state: 'refused',
      problem: expect.stringContaining(problem),
    });
  });

  it('that is nested deeper than any stack is refused', () => {
    expect(parseConfig('['.repeat(500_000)).state).toBe('refused');
  });

  it('that is a directory, a pipe or far too large is refused without delay', () => {
    const path = aPath();
    mkdirSync(path);
    expect(readConfigFile(path)).toMatchObject({
      problem: expect.stringContaining('it is not a regular file'),
    });
    rmSync(path, { recursive: true });
    spawnSync('sh', ['-c', 'mkfifo "$0"', path]);
    expect(readConfigFile(path)).toMatchObject({
      problem: expect.stringContaining('it is not a regular file'),
    });
    rmSync(path);
    writeFileSync(path, ' '.repeat(1024 * 1024 + 1));
    expect(readConfigFile(path)).toMatchObject({ state: 'refused' });
  });
});

describe('following it', () => {
  function follow(path: string) {
    const states: string[] = [];
    const watch = createConfigWatch(path, ({ state }) => states.push(state));
    return { states, window: () => watch.current().breaker.window };
  }

  it('applies changes, and keeps the last valid one', () => {
    const path = aPath();
    const { states, window } = follow(path);
    expect(window()).toBe(20);
    writeFileSync(path, '{"breaker": {"window": 7}}');
    expect([window(), window()]).toEqual([7, 7]);
    writeFileSync(path, '{"breaker": {"window": ');
    expect([window(), window()]).toEqual([7, 7]);
    writeFileSync(path, '{"breaker": {"window": 8}}');
    expect(window()).toBe(8);
    rmSync(path);
    expect(window()).toBe(20);
    expect(states).toEqual(['absent', 'good', 'refused', 'good', 'absent']);
  });

  it('notices a change that keeps size and time', () => {
    const path = aPath();
    const { window } = follow(path);
    writeFileSync(path, '{"breaker": {"window": 7}}');
    utimesSync(path, 1000, 1000);
    expect(window()).toBe(7);
    rmSync(path);
    writeFileSync(path, '{"breaker": {"window": 8}}');
    utimesSync(path, 1000, 1000);
    expect(window()).toBe(8);
  });

  it('uses the defaults if the first one is invalid', () => {
    const path = aPath();
    writeFileSync(path, 'x');
    expect(follow(path).window()).toBe(20);
  });
});

describe('changing it', () => {
  const WINDOW = { section: 'breaker', name: 'window' };

  it('makes a file that only its owner can read, and nothing else', () => {
    const path = aPath();
    expect(editConfig(path, WINDOW, 7).breaker.window).toBe(7);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe('{\n  "breaker": {\n    "window": 7\n  }\n}\n');
    expect(readdirSync(join(path, '..'))).toEqual(['config.json', 'stamp']);
  });

  it('keeps the rest of the file, and its mode', () => {
    const path = aPath();
    makeState(dirname(path));
    writeFileSync(path, '{\n\t"breaker": { "enabled" : true,\n\t\t"window": 9 }\n}\n');
    chmodSync(path, 0o640);
    editConfig(path, WINDOW, 10);
    expect(readFileSync(path, 'utf8')).toBe(
      '{\n\t"breaker": { "enabled" : true,\n\t\t"window": 10 }\n}\n',
    );
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('removes a value, even one that is not there', () => {
    const path = aPath();
    expect(editConfig(path, WINDOW, undefined)).toEqual(DEFAULT_CONFIG);
    expect(readConfigFile(path).state).toBe('absent');
    editConfig(path, WINDOW, 7);
    editConfig(path, WINDOW, undefined);
    expect(readConfigFile(path)).toMatchObject({ state: 'good', config: DEFAULT_CONFIG });
  });

  it('leaves an unreadable file alone', () => {
    const path = aPath();
    writeFileSync(path, '{"breaker": {"window": 7},}');
    expect(() => editConfig(path, WINDOW, 8)).toThrow('line 1, column 27');
    expect(readFileSync(path, 'utf8')).toBe('{"breaker": {"window": 7},}');
  });
});
