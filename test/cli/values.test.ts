import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../src/cli/words/nearest.ts';
import {
  parseLength,
  parseMoment,
  readDuration,
  readHours,
  readMoment,
} from '../../src/cli/words/time.ts';
import { quote, readWhole } from '../../src/cli/words/values.ts';

const NOW = new Date(2026, 10, 22, 12).getTime();

describe('a length of time', () => {
  it.each([
    ['30s', 30_000],
    ['90m', 5_400_000],
    ['2h', 7_200_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['4w', 2_419_200_000],
    [' 2 H ', 7_200_000],
    ['0d', 0],
    ['24', 86_400_000],
    ['.5', 1_800_000],
    ['1h30m', 5_400_000],
    ['30 days', 2_592_000_000],
    ['4 h 24 min', 15_840_000],
    ['2 weeks', 1_209_600_000],
  ])('%j is valid', (text, ms) => {
    expect(parseLength(text)).toBe(ms);
  });

  it.each([
    '',
    'd',
    '-1d',
    '-5',
    '1y',
    '1mo',
    '3 months',
    '1e3s',
    '1h,30m',
    '999999999w',
    '1d; DROP',
  ])('%j is invalid', (text) => {
    expect(parseLength(text)).toBeUndefined();
  });
});

describe('a moment', () => {
  it.each([
    ['2026-11-22T14:30Z', '2026-11-22T14:30:00.000Z'],
    ['2026-11-22T14:30:05+01:00', '2026-11-22T13:30:05.000Z'],
    ['2026-11-22 14:30:05.123-0530', '2026-11-22T20:00:05.123Z'],
    ['2028-02-29T00:00z', '2028-02-29T00:00:00.000Z'],
  ])('%j is valid', (text, iso) => {
    expect(new Date(parseMoment(text, NOW) ?? Number.NaN).toISOString()).toBe(iso);
  });

  it('without a time zone is local, even if it is only a date, and without a date it is today', () => {
    expect(parseMoment('2026-11-22', NOW)).toBe(new Date(2026, 10, 22).getTime());
    expect(parseMoment('2026-11-22T14:30', NOW)).toBe(new Date(2026, 10, 22, 14, 30).getTime());
    expect(parseMoment('09:05', NOW)).toBe(new Date(2026, 10, 22, 9, 5).getTime());
  });

  it.each([
    '',
    'yesterday',
    '2026',
    '2026-11',
    '22.11.2026',
    '2026-02-30',
    '2026-13-01',
    '2026-11-22T25:00',
    '2026-11-22T14',
    '2026-11-22T14:30+99:99',
    '25:00',
  ])('%j is invalid', (text) => {
    expect(parseMoment(text, NOW)).toBeUndefined();
  });
});

describe('every option reads the same forms', () => {
  it.each([
    ['2d', 48],
    ['36', 36],
    ['2026-11-22', 12],
    ['2026-11-21T06:00', 30],
    ['11:30', 0.5],
  ])('%s', (text, hours) => {
    expect(readHours(text, NOW)).toBe(hours);
    expect(readMoment('--since', text, NOW)).toBe(NOW - hours * 3_600_000);
  });

  it('of a time ahead too', () => {
    expect(readDuration('--for', '2', NOW, 7)).toBe(7_200_000);
    expect(readDuration('--for', '2026-11-23', NOW, 7)).toBe(43_200_000);
    for (const text of ['0', '8d', '2026-11-21', '2027-01-01'])
      expect(() => readDuration('--for', text, NOW, 7)).toThrow(
        `--for must be above 0, and at most 7 days from now, got "${text}"`,
      );
  });

  it.each(['0', '0d', '876001w', '2026-11-23', '1900-01-01'])('%s is no window', (text) => {
    expect(() => readHours(text, NOW)).toThrow('TIME must be ');
  });
});

it.each(['', '0', '-1', '1.5', '1e2', '101', '0x10', ' 5', 'NaN', '99999999999999'])(
  '%j is not a whole number from 1 to 100',
  (text) => {
    expect(() => readWhole('--limit', text, 1, 100)).toThrow(
      '--limit must be a whole number from 1 to 100, got ',
    );
  },
);

it('a message quotes an argument on one short line, with control characters escaped', () => {
  expect(quote('a\x1b[2J\nb')).toBe('"a\\x1b[2J\\nb"');
  expect(quote('x'.repeat(500))).toHaveLength(62);
});

it.each([
  ['lgos', 'logs'],
  ['log', 'logs'],
  ['metric', 'metrics'],
  ['clean', 'cleanup'],
  ['STATUS', 'status'],
  ['xyzzy', undefined],
  ['', undefined],
  ['l', undefined],
])('the suggestion for %j is %s', (word, guess) => {
  const known = ['run', 'status', 'logs', 'show', 'metrics', 'cleanup'];
  expect(didYouMean(word, known)).toBe(guess === undefined ? '' : `. Did you mean "${guess}"?`);
});
