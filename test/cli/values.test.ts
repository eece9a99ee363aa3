import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../src/cli/words/nearest.ts';
import { parseAge, parseMoment, quote, readWhole } from '../../src/cli/words/values.ts';

describe('an age', () => {
  it.each([
    ['30s', 30_000],
    ['90m', 5_400_000],
    ['2h', 7_200_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['4w', 2_419_200_000],
    [' 2 H ', 7_200_000],
    ['0d', 0],
  ])('%j is valid', (text, ms) => {
    expect(parseAge(text)).toBe(ms);
  });

  it.each(['', '5', 'd', '-1d', '1y', '1h30m', '1e3s', '.5h', '999999999w', '1d; DROP'])(
    '%j is invalid',
    (text) => {
      expect(parseAge(text)).toBeUndefined();
    },
  );
});

describe('a moment', () => {
  it.each([
    ['2026-11-22T14:30Z', '2026-11-22T14:30:00.000Z'],
    ['2026-11-22T14:30:05+01:00', '2026-11-22T13:30:05.000Z'],
    ['2026-11-22 14:30:05.123-0530', '2026-11-22T20:00:05.123Z'],
    ['2028-02-29T00:00z', '2028-02-29T00:00:00.000Z'],
  ])('%j is valid', (text, iso) => {
    expect(new Date(parseMoment(text) ?? Number.NaN).toISOString()).toBe(iso);
  });

  it('without a time zone is local, even if it is only a date', () => {
    expect(parseMoment('2026-11-22')).toBe(new Date(2026, 10, 22).getTime());
    expect(parseMoment('2026-11-22T14:30')).toBe(new Date(2026, 10, 22, 14, 30).getTime());
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
  ])('%j is invalid', (text) => {
    expect(parseMoment(text)).toBeUndefined();
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
