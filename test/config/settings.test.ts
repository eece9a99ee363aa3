import { describe, expect, it } from 'vitest';
import { isHomeUsable, stateHome } from '../../src/config/home/paths.ts';
import { readSettings, wantsColour } from '../../src/config/settings.ts';

const HOME = '/home/dev';

describe('settings', () => {
  it('are safe by default', () => {
    const settings = readSettings({ HOME });
    expect(settings).toMatchObject({
      enabled: false,
      maxBytes: 200_000,
      compress: false,
      storeRaw: false,
      redact: true,
      dedupeTtlSeconds: 3600,
      retentionDays: 7,
      isRetentionGiven: false,
      daemon: 'auto',
      problems: [],
    });
    expect(settings.paths?.database).toBe('/home/dev/.local/state/hookbus/hook_bus.db');
  });

  it.each(['1', 'true', 'YES', ' on '])('read %j as on', (value) => {
    expect(readSettings({ HOME, HOOKBUS_ENABLED: value }).enabled).toBe(true);
  });

  it.each(['0', 'false', 'No', 'off', ''])('read %j as off', (value) => {
    const settings = readSettings({ HOME, HOOKBUS_ENABLED: value });
    expect(settings.enabled).toBe(false);
    expect(settings.problems).toEqual([]);
  });

  it.each([
    ['HOOKBUS_ENABLED', 'maybe', 'expected 1, true, yes, on or 0, false, no, off, got "maybe"'],
    [
      'HOOKBUS_MAX_BYTES',
      '200k',
      'expected a whole number of bytes from 0 to 67108864, got "200k"',
    ],
    ['HOOKBUS_MAX_BYTES', '-1', 'expected a whole number of bytes from 0 to 67108864, got "-1"'],
    ['HOOKBUS_DEDUPE_TTL', '0', 'expected a whole number of seconds from 1'],
    ['HOOKBUS_RETENTION_DAYS', '1e3', 'expected a whole number of days'],
    [
      'HOOKBUS_STORE_RAW',
      'deny;error',
      'expected 1, true, yes, on or 0, false, no, off, or a list',
    ],
    // Who writes this wants no payloads; by the letter it is nearly all of them.
    ['HOOKBUS_STORE_RAW', 'none', 'expected 1, true, yes, on or 0, false, no, off, or a list'],
    ['HOOKBUS_STORE_RAW', ',', 'expected 1, true, yes, on or 0, false, no, off, or a list'],
    ['HOOKBUS_DAEMON', 'no', 'expected auto or off, got "no"'],
  ])('say what is expected if %s is %j, and use the default', (name, value, expected) => {
    const settings = readSettings({ HOME, [name]: value });
    expect(settings.problems).toHaveLength(1);
    expect(settings.problems[0]).toContain(`${name}: ${expected}`);
    expect({ ...settings, problems: [] }).toEqual(readSettings({ HOME }));
  });

  it('keep dedupe keys on this machine if HOOKBUS_DEDUPE_URL is off, and warn about any other value', () => {
    for (const url of ['off', ' OFF '])
      expect(readSettings({ HOME, HOOKBUS_DEDUPE_URL: url })).toMatchObject({
        sharesKeys: false,
        problems: [],
      });
    for (const url of ['redis://user:hunter2@cache', 'http://user:hunter2@cache', 'hunter2', '0']) {
      const settings = readSettings({ HOME, HOOKBUS_DEDUPE_URL: url });
      expect(settings.sharesKeys).toBe(true);
      expect(settings.problems).toEqual([
        'HOOKBUS_DEDUPE_URL: the only value is off; to use a key server, set dedupe.url in config.json',
      ]);
    }
    expect(readSettings({ HOME, HOOKBUS_DEDUPE_URL: ' ' }).problems).toEqual([]);
  });

  it.each([
    [{ HOOKBUS_HOME: '/srv/state/' }, '/srv/state'],
    [{ HOME, HOOKBUS_HOME: '~/hb' }, '/home/dev/hb'],
    [{ HOME, XDG_STATE_HOME: '/xdg' }, '/xdg/hookbus'],
    [{ HOME, XDG_STATE_HOME: 'relative' }, '/home/dev/.local/state/hookbus'],
    [{}, undefined],
    [{ HOME: '' }, undefined],
  ])('find the state directory of %j', (env, home) => {
    expect(readSettings(env).paths?.home).toBe(home);
  });
});

describe('the state directory on Windows', () => {
  const LOCALAPPDATA = 'C:\\Users\\Zoë B\\AppData\\Local';
  const USERPROFILE = 'C:\\Users\\Zoë B';

  it.each([
    [{ LOCALAPPDATA, HOME: '/c/Users/Zoë B' }, `${LOCALAPPDATA}\\hookbus`],
    [{ LOCALAPPDATA, HOOKBUS_HOME: 'D:/state\\' }, 'D:\\state'],
    [{ USERPROFILE, HOOKBUS_HOME: '~/hb' }, `${USERPROFILE}\\hb`],
    [{ LOCALAPPDATA, XDG_STATE_HOME: 'C:\\xdg' }, `${LOCALAPPDATA}\\hookbus`],
    [{}, undefined],
  ])('of %j is found', (env, home) => {
    expect(stateHome(env, 'win32')).toBe(home);
    expect(isHomeUsable(env, 'win32')).toBe(true);
  });

  it.each(['\\state', 'state', 'C:state'])(
    'is not %s, which depends on where a hook starts',
    (own) => {
      expect(isHomeUsable({ LOCALAPPDATA, HOOKBUS_HOME: own }, 'win32')).toBe(false);
    },
  );
});

describe('colour', () => {
  it('is for terminals, unless NO_COLOR is set or the terminal is dumb', () => {
    expect(wantsColour(true, {})).toBe(true);
    expect(wantsColour(false, {})).toBe(false);
    expect(wantsColour(true, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour(true, { TERM: 'dumb' })).toBe(false);
  });
});
