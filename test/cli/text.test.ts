import { describe, expect, it } from 'vitest';
import {
  breakAnywhere,
  clip,
  columnsOf,
  pad,
  visible,
  visibleLines,
  wrap,
} from '../../src/cli/output/text.ts';

describe('visible text', () => {
  it.each([
    ['\x1b[31mred', '\\x1b[31mred'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['\0\x07\x7f', '\\x00\\x07\\x7f'],
    ['\u009b31m', '\\x9b31m'],
    ['\u202egpj.exe', '\\u202egpj.exe'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['a\u200bb\u200dc\ufeff', 'a\\u200bb\\u200dc\\ufeff'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\u3164\u115f', '\\u3164\\u115f'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud800', '\\ud800'],
    ['soft\u00adhyphen', 'soft\\xadhyphen'],
  ])('%j is escaped', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it.each(['plain', 'größer', '日本語', '🚀', '❤️', 'e\u0301', 'عربى', ''])(
    '%s is left alone',
    (text) => {
      expect(visible(text)).toBe(text);
    },
  );

  it('escapes every control and format character of the plane', () => {
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join('');
    expect(visible(all)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  });

  it('keeps the lines of a text, and expands tabs', () => {
    expect(visibleLines('one\r\n\ttwo\x1b\n\nfour\n')).toEqual(['one', '    two\\x1b', '', 'four']);
    expect(visibleLines('')).toEqual([]);
  });
});

describe('width', () => {
  it('counts terminal columns, not code units', () => {
    expect(['abc', '日本', '🚀', 'e\u0301', '👩‍💻'].map(columnsOf)).toEqual([3, 4, 2, 1, 2]);
  });

  it('is clipped at the end or in the middle, never within a character', () => {
    expect(clip('short', 5)).toBe('short');
    expect(clip('too long', 5)).toBe('too …');
    expect(clip('mcp__github__create_issue', 11, 'middle')).toBe('mcp__…issue');
    expect(clip('日本語ツール', 6)).toBe('日本…');
    expect(clip('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…');
    expect(clip('any', 1)).toBe('…');
    expect(clip('any', 0)).toBe('');
    for (let columns = 0; columns < 20; columns += 1) {
      for (const where of ['end', 'middle'] as const) {
        expect(columnsOf(clip('日本 a👩‍💻b 🚀 long', columns, where))).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('is padded with blanks on either side', () => {
    expect(pad('日本', 6)).toBe('日本  ');
    expect(pad('7', 3, 'right')).toBe('  7');
    expect(pad('long', 2)).toBe('long');
  });
});

describe('lines', () => {
  it('are broken between words, and within a word that is too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('one two', 7)).toEqual(['one two']);
    expect(wrap('a incomprehensible b', 8)).toEqual(['a', 'incompre', 'hensible', 'b']);
    expect(wrap('', 8)).toEqual(['']);
  });

  it('are never too wide', () => {
    const text =
      'The percentiles are exact, by nearest rank over every execution 日本語; and so on';
    for (let columns = 2; columns < 90; columns += 1) {
      const lines = wrap(text, columns);
      expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(columns);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }
  });

  it('lose nothing when they are broken anywhere', () => {
    const text = '  indented 日本語 "JSON"  ';
    expect(breakAnywhere(text, 5).join('')).toBe(text);
    expect(breakAnywhere('', 5)).toEqual(['']);
  });
});
