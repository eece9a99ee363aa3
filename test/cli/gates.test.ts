import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gatePath, readGate } from '../../src/gates/gate-file.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState, makeNewerDatabase } from '../support/state.ts';

/** A state directory with one execution of `lint`. */
function aState() {
  const { home, paths } = freshState();
  writeExecutions(paths.database, [recordedOf(anExecution({ hookName: 'lint' }))]);
  const ask = (...words: string[]) => hookbus(words, { HOOKBUS_HOME: home });
  const json = (...words: string[]): unknown => JSON.parse(ask(...words, '--json').stdout);
  return { home, paths, ask, json, gate: (name: string) => readGate(gatePath(paths.gates, name)) };
}

describe('off', () => {
  it('leaves a hook out until on, and status says so', () => {
    const { ask, json, gate, paths } = aState();
    expect(ask('off', 'lint').stdout).toBe('"lint" is off until `hookbus on`.\n');
    expect(gate('lint')).toEqual({ kind: 'off', untilMs: 0 });
    expect(statSync(paths.gates).mode & 0o777).toBe(0o700);
    expect(statSync(gatePath(paths.gates, 'lint')).mode & 0o777).toBe(0o600);
    expect(ask('status').stdout).toContain('- lint: off until `hookbus on`');
    expect(json('on', 'lint')).toEqual({
      hook_name: 'lint',
      state: 'on',
      was: 'off',
      closed_breaker: false,
      on_record: true,
    });
    expect(existsSync(gatePath(paths.gates, 'lint'))).toBe(false);
    expect(ask('on', 'lint').stdout).toBe('"lint" is on, and was before.\n');
  });

  it('leaves it out for a time', () => {
    const { json, gate } = aState();
    const before = Date.now();
    for (const [time, ms] of Object.entries({
      '30s': 30_000,
      '15m': 900_000,
      '1h': 3_600_000,
      '2d': 172_800_000,
    })) {
      const { until } = json('off', 'lint', '--for', time) as { until: string };
      expect(Date.parse(until) - before).toBeGreaterThanOrEqual(ms);
      expect(Date.parse(until) - before).toBeLessThan(ms + 60_000);
      expect(gate('lint')?.untilMs).toBe(Date.parse(until));
    }
  }, 30_000);

  it.each(['--x', '--json', '-h', '--'])('takes the name %j behind --, as on does', (name) => {
    const { ask, gate } = aState();
    expect(ask('off', '--', name).stdout).toContain(`"${name}" is off until`);
    expect(gate(name)).toEqual({ kind: 'off', untilMs: 0 });
    expect(ask('on', '--', name).stdout).toContain(`"${name}" is on again.`);
    expect(gate(name)).toBeUndefined();
  });

  it('says so where the name is on no record, and guesses', () => {
    const { ask } = aState();
    expect(ask('off', 'lnt').stdout).toBe(
      '"lnt" is off until `hookbus on`.\nNo execution of "lnt" is on record; did you mean "lint"?\n',
    );
    expect(ask('on', 'nothing-like-it').stdout).toContain('is on record.\n');
  });

  it.each([
    [['off'], 'expected the name of a hook'],
    [['on', ''], 'expected the name of a hook'],
    [['off', 'lint', '--for', '0s'], 'expected --for to be a time above 0'],
    [['off', 'lint', '--for', 'ever'], 'expected --for to be a time above 0'],
    [['off', 'lint', 'format'], 'expected only options behind "off lint", got "format"'],
  ])('%j is refused', (words, message) => {
    const { ask, paths } = aState();
    expect(ask(...words)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(message) });
    expect(existsSync(paths.gates)).toBe(false);
  });

  it('works without a database that can be used, and where there is nothing yet', () => {
    const { home, paths } = freshState();
    makeNewerDatabase(paths);
    const { stdout, exitCode } = hookbus(['off', 'lint', '--json'], { HOOKBUS_HOME: home });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ on_record: null });
    expect(readGate(gatePath(paths.gates, 'lint'))).toBeDefined();
    const fresh = freshState();
    expect(hookbus(['off', 'lint'], { HOOKBUS_HOME: fresh.home }).exitCode).toBe(0);
    expect(readGate(gatePath(fresh.paths.gates, 'lint'))).toBeDefined();
    expect(statSync(fresh.home).mode & 0o777).toBe(0o700);
  });

  it('says what is in the way', () => {
    const { ask, paths } = aState();
    mkdirSync(join(gatePath(paths.gates, 'lint'), 'x'), { recursive: true });
    const { stderr, exitCode } = ask('off', 'lint', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'E_GATE' } });
  });

  it('has names that would lead elsewhere in its own directory', () => {
    const { ask, paths, home } = aState();
    ask('off', '../../evil');
    ask('off', '..');
    expect(readGate(join(paths.gates, '%2E.%2F..%2Fevil'))).toBeDefined();
    expect(readGate(join(paths.gates, '%2E.'))).toBeDefined();
    expect(existsSync(join(home, '..', 'evil'))).toBe(false);
    expect(ask('status').stdout).toContain('- ../../evil: off');
  });
});

describe('config', () => {
  it('shows what is in force, changes it and takes it back', () => {
    const { ask, json, paths } = aState();
    expect(ask('config', 'path').stdout).toBe(`${paths.config}\n`);
    expect(json('config')).toMatchObject({ state: 'absent', given: [], problem: null });
    expect(ask('config', 'set', 'breaker.hooks', 'lint, format').stdout).toBe(
      'breaker.hooks is now: ["lint","format"]\n',
    );
    expect(json('config', 'set', 'breaker.enabled', 'true')).toEqual({
      key: 'breaker.enabled',
      value: true,
      given: true,
    });
    expect(JSON.parse(readFileSync(paths.config, 'utf8'))).toEqual({
      breaker: { hooks: ['lint', 'format'], enabled: true },
    });
    expect(ask('config', 'get', 'breaker.hooks').stdout).toBe('["lint","format"]\n');
    expect(ask('config', 'set', 'breaker.hooks', '["a,b"]').stdout).toContain('["a,b"]');
    expect(json('config', 'unset', 'breaker.hooks')).toMatchObject({ value: [], given: false });
    expect(json('config')).toMatchObject({ state: 'good', given: ['breaker.enabled'] });
  }, 30_000);

  it.each([
    [['frob'], 'expected ACTION to be one of show, get'],
    [['get'], 'expected a KEY behind "config get", got none'],
    [['set', 'breaker.window'], 'expected a KEY and a VALUE'],
    [['set', 'breaker.windo', '3'], 'unknown key "breaker.windo"; did you mean "breaker.window"?'],
    [['set', 'toString.name', '3'], 'unknown key'],
    [['set', 'breaker.window', '0'], 'expected breaker.window to be a whole number'],
    [['set', 'breaker.enabled', 'maybe'], 'expected breaker.enabled to be true or false'],
    [['set', 'breaker.window', '3', '4'], 'expected only options'],
    [['show', 'breaker'], 'expected no word behind "config show"'],
  ])('%j is refused', (words, message) => {
    const { ask, paths } = aState();
    expect(ask('config', ...words)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
    expect(existsSync(paths.config)).toBe(false);
  });

  it('says where a file cannot be used, and changes nothing in it', () => {
    const { ask, json, paths } = aState();
    writeFileSync(paths.config, '{"breaker": {"window": 0}}');
    expect(json('config')).toMatchObject({
      state: 'refused',
      problem: expect.stringContaining('column 24'),
    });
    expect(ask('config').stdout.replace(/\s+/g, ' ')).toContain(
      'cannot be used: line 1, column 24',
    );
    expect(ask('status').stdout.replace(/\s+/g, ' ')).toContain('line 1, column 24');
    const { stderr } = ask('config', 'set', 'breaker.window', '3', '--json');
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'E_CONFIG' } });
    expect(readFileSync(paths.config, 'utf8')).toBe('{"breaker": {"window": 0}}');
  });

  it('says where a file cannot be written', () => {
    const { paths } = aState();
    const env = { HOOKBUS_HOME: join(paths.database, 'state') };
    const { stderr, exitCode } = hookbus(['config', 'set', 'breaker.window', '3', '--json'], env);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'E_CONFIG' } });
  });
});
