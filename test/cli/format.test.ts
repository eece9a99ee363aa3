import { expect, it } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatMoment,
  formatMs,
  formatMsAligned,
  formatPercent,
  formatThings,
  formatUntil,
  formatWindow,
  projectNames,
  shortIds,
  withoutZeros,
} from '../../src/format.ts';

it.each([
  [null, '–'],
  [0, '0.00 ms'],
  [0.94, '0.94 ms'],
  [9.994, '9.99 ms'],
  [9.996, '10.0 ms'],
  [48.25, '48.3 ms'],
  [99.96, '100 ms'],
  [412.4, '412 ms'],
  [999.6, '1.00 s'],
  [1204, '1.20 s'],
  [20_015, '20.0 s'],
  [59_949, '59.9 s'],
  [59_951, '1 min 00 s'],
  [125_000, '2 min 05 s'],
  [3_599_600, '1 h 00 min'],
  [4_000_000_000, '1,111 h 06 min'],
])('%s ms is shown as %s', (ms, shown) => {
  expect(formatMs(ms)).toBe(shown);
});

it('seconds are padded so that the numbers of a column align', () => {
  expect(['1.20 ms', '1.20 s '].map((text) => text.length)).toEqual([7, 7]);
  expect(formatMsAligned(1200)).toBe('1.20 s ');
  expect(formatMsAligned(12)).toBe('12.0 ms');
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [9950, '10 kB'],
  [200_000, '200 kB'],
  [999_600, '1.0 MB'],
  [5_000_000_000_000_000, '5000 TB'],
])('%d bytes are shown as %s', (bytes, shown) => {
  expect(formatBytes(bytes)).toBe(shown);
});

it.each([
  [null, '–'],
  [0, '0 %'],
  [0.0001, '<0.1 %'],
  [0.0249, '2.5 %'],
  [0.9999, '>99.9 %'],
  [1, '100 %'],
])('a rate of %s is shown as %s', (rate, shown) => {
  expect(formatPercent(rate)).toBe(shown);
});

it.each([
  ['5.00 s', '5 s'],
  ['5.20 s', '5.2 s'],
  ['0.05 ms', '0.05 ms'],
  ['10.0 ms', '10 ms'],
  ['100 ms', '100 ms'],
  ['12.5 %', '12.5 %'],
  ['1 min 00 s', '1 min'],
  ['6 h 00 min', '6 h'],
  ['2 min 05 s', '2 min 05 s'],
  ['–', '–'],
])('%s is the round number %s', (text, round) => {
  expect(withoutZeros(text)).toBe(round);
});

it('thousands are separated', () => {
  expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([formatThings(1, 'hook'), formatThings(1200, 'hook')]).toEqual(['1 hook', '1,200 hooks']);
});

it.each([
  [-1, 'in the future'],
  [59_999, 'just now'],
  [60_000, '1 minute ago'],
  [7_199_999, '1 hour ago'],
  [172_800_000, '2 days ago'],
])('an age of %d ms is shown as %s', (ageMs, shown) => {
  expect(formatAge(new Date(1_000_000_000_000), 1_000_000_000_000 + ageMs)).toBe(shown);
});

const NOW = new Date(2026, 10, 28, 19, 33, 57, 262);
const later = (ms: number) => new Date(NOW.getTime() + ms);
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

it.each([
  [-HOUR, '18:33:57'],
  [-DAY, '27 Nov 19:33:57'],
  [-365 * DAY, '28 Nov 2025 19:33:57'],
])('a moment %d ms from now is shown as %s', (ms, shown) => {
  expect(formatMoment(later(ms), NOW.getTime())).toBe(shown);
});

it.each([
  [HOUR, '20:33 (1 h)'],
  [HOUR - 900, '20:33 (1 h)'],
  [90 * MINUTE, '21:03 (1 h 30 min)'],
  [15 * MINUTE, '19:48 (15 min)'],
  [7 * DAY - 900, '5 Dec 19:33 (7 days)'],
  [20_000, '19:34:17'],
])('until a moment in %d ms is shown as %s', (ms, shown) => {
  expect(formatUntil(later(ms), NOW.getTime())).toBe(shown);
});

it('ids are cut to eight characters, or to as many as tell them apart', () => {
  const short = (...ids: string[]) => [...shortIds(ids).values()];
  expect(short('d0a6ec17-9556-4', '7d3f0c52-1111-4', 'abc')).toEqual([
    'd0a6ec17',
    '7d3f0c52',
    'abc',
  ]);
  expect(short('0199f1a2-0001', '0199f1a2-0002')).toEqual(['0199f1a2-0001', '0199f1a2-0002']);
  expect(short('x'.repeat(70_000), 'x'.repeat(70_000))).toEqual(['xxxxxxxx']);
  expect(short()).toEqual([]);
});

it('a project is named by its directory, and by the parents too if two have the same name', () => {
  const names = (...directories: string[]) => [...projectNames(directories).values()];
  expect(names('/w/shop', '/w/blog/')).toEqual(['shop', 'blog']);
  expect(names('/new/api', '/old/api', '/w/shop')).toEqual(['shop', 'new/api', 'old/api']);
  expect(names('/a', '/a/', '/', '')).toEqual(['a', 'a', '/', '']);
});

it.each([
  [0.005, '18 seconds'],
  [0.5, '30 minutes'],
  [1, 'hour'],
  [1.5, '1 hour 30 minutes'],
  [24, '24 hours'],
  [36, '36 hours'],
  [48, '2 days'],
  [171.4, '7 days 3 hours'],
  [720, '30 days'],
])('a window of %s hours is "the last %s"', (hours, shown) => {
  expect(formatWindow(hours)).toBe(shown);
});
