import { describe, expect, it } from 'vitest';
import { parseRunOptions } from '../../src/config/run-options.ts';

const parse = (...words: string[]) => parseRunOptions(words);

describe('the options of run', () => {
  it('are read in both spellings', () => {
    const expected = { name: 'a', timeoutSeconds: 2.5, maxBytes: 10, argv: ['cmd', '--name', 'b'] };
    const rest = ['--', 'cmd', '--name', 'b'];
    expect(parse('--name', 'a', '--timeout', '2.5', '--max-bytes', '10', ...rest)).toMatchObject(
      expected,
    );
    expect(parse('--name=a', '--timeout=2.5', '--max-bytes=10', ...rest)).toMatchObject(expected);
  });

  it('leave a second -- to the command', () => {
    expect(parse('--fail-open', '--', 'npx', '--', '-x')).toMatchObject({
      failOpen: true,
      argv: ['npx', '--', '-x'],
    });
  });

  it('turn --shell into a shell line, with the words that follow as its parameters', () => {
    expect(parse('--shell', 'a | b').argv).toEqual(['/bin/sh', '-c', 'a | b']);
    expect(parse('--shell', 'echo "$1"', '--', 'name', 'x').argv).toEqual([
      '/bin/sh',
      '-c',
      'echo "$1"',
      'name',
      'x',
    ]);
  });

  it('without --, let the command begin at the first word that is not an option', () => {
    expect(parse('--name', 'x', 'python3', 'y.py')).toMatchObject({
      name: 'x',
      argv: ['python3', 'y.py'],
      warnings: [],
    });
  });

  it.each([
    [['--bogus', '--', 'c'], 'unknown option --bogus'],
    [['--bogus=1', '--', 'c'], 'unknown option --bogus'],
    [['--bogus', 'value', '--', 'c'], 'unknown option --bogus'],
    [['--name', '--', 'c'], '--name needs a value'],
    [
      ['--timeout', 'soon', '--', 'c'],
      '--timeout: expected a number of seconds above 0, got "soon"',
    ],
    [['--timeout', '0', '--', 'c'], '--timeout: expected a number of seconds above 0, got "0"'],
    [['--timeout', '1e9', '--', 'c'], '--timeout: expected a number of seconds above 0, got "1e9"'],
    [
      ['--max-bytes', '-5', '--', 'c'],
      '--max-bytes: expected a whole number of bytes up to 67108864, got "-5"',
    ],
    [
      ['--on-duplicate', 'wait', '--', 'c'],
      '--on-duplicate: expected deny, skip or replay, got "wait"',
    ],
    [['--fail-open=1', '--', 'c'], 'unknown option --fail-open'],
  ])('turn %j into a warning and run the command', (words, warning) => {
    const options = parseRunOptions(words);
    expect(options.argv).toEqual(['c']);
    expect(options.warnings[0]).toBe(warning);
  });

  it('have nothing to run when there is no command', () => {
    for (const words of [[], ['--'], ['--name', 'x'], ['--name', 'x', '--']]) {
      expect(parseRunOptions(words).argv).toEqual([]);
    }
  });
});
