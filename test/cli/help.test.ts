import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { commandHelp, overview } from '../../src/cli/words/help.ts';
import { parseRunOptions } from '../../src/config/run-options.ts';
import { VERSION } from '../../src/domain/version.ts';
import { hookbus, hookbusProcess } from '../support/hookbus.ts';

const helpOf = (name: string): string => {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw new Error(`expected a command ${name}`);
  return `${commandHelp(command).join('\n')}\n`;
};

it('the overview fits a terminal of 24 lines and 80 columns, and its descriptions 60 columns', () => {
  const lines = overview(COMMANDS);
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  for (const { summary } of COMMANDS) expect(summary.length).toBeLessThanOrEqual(60);
  for (const { name } of COMMANDS) expect(lines.join('\n')).toMatch(new RegExp(`[ ,]${name}\\b`));
});

it.each(COMMANDS)('the help of $name fits 80 columns', (command) => {
  const lines = commandHelp(command);
  expect(lines.filter((line) => line.length > 80 || line !== line.trimEnd())).toEqual([]);
  expect(lines.join('\n')).toMatch(/^[\x20-\x7e\n]*$/);
});

it('the help of run has exactly the options of run', () => {
  const known = /'(--[a-z-]+)'/g;
  const source = readFileSync('src/config/run-options.ts', 'utf8');
  const inCode = [...new Set([...source.matchAll(known)].map(([, option]) => option))].sort();
  const inHelp = [...new Set(helpOf('run').match(/--[a-z-]+/g))].sort();
  expect(inHelp.filter((option) => inCode.includes(option))).toEqual(inCode);
  const example = helpOf('run').match(/hookbus run (--name lint.*)/)?.[1] ?? '';
  expect(parseRunOptions(example.split(' ')).warnings).toEqual([]);
});

it.each([[[]], [['--help']], [['-h']], [['help']]])(
  'hookbus %j prints the overview',
  async (words) => {
    expect(await hookbus(words)).toEqual({
      stdout: `${overview(COMMANDS, resolve('docs')).join('\n')}\n`,
      stderr: '',
      exitCode: 0,
    });
  },
);

it.each(COMMANDS)('hookbus $name --help, -h and help $name print its help', async ({ name }) => {
  for (const words of [
    [name, '--help'],
    [name, '-h'],
    ['help', name],
  ]) {
    expect(await hookbus(words)).toEqual({ stdout: helpOf(name), stderr: '', exitCode: 0 });
  }
});

it('hookbus --version prints the version, and loads nothing else', () => {
  expect(hookbusProcess(['--version'])).toEqual({
    stdout: `hookbus ${VERSION}\n`,
    stderr: '',
    exitCode: 0,
  });
});

it('docs/troubleshooting.md has exactly the error codes of the source', () => {
  const page = readFileSync('docs/troubleshooting.md', 'utf8');
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join('src', path), 'utf8'));
  const codes = (text: string, pattern: RegExp): string[] =>
    [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();
  expect(codes(page, /^\| `(E_\w+)` \|/gm)).toEqual(codes(sources.join('\n'), /'(E_[A-Z_]+)'/g));
});
