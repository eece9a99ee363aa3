import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { commandHelp } from '../../src/cli/words/help.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
].filter((page) => page.endsWith('.md'));

/** What follows `hookbus` in blocks for a shell and in code within sentences, up to a comment or another command. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const prose = text.replace(/^```.*?^```$/gms, '');
  const quoted = [...prose.matchAll(/`(hookbus [^`]+)`/g)].map(([, code = '']) => code);
  return [...blocks.flatMap((code) => code.split('\n')), ...quoted].flatMap((line) =>
    [...line.replace(/\s+/g, ' ').matchAll(/(?<=^|[|(&] ?|; )hookbus ([a-z][^#|&;)]*)/g)].map(
      ([, words = '']) => words.replace(/ (?:--|['"]).*$/, '').trim(),
    ),
  );
}

const named = PAGES.flatMap((page) => commandsOf(page).map((words) => ({ page, words })));

it('pages name only commands that exist, with options that they have', () => {
  expect(named.length).toBeGreaterThan(200);
  const unknown = named.filter(({ words }) => {
    const [name = '', ...others] = words.split(' ');
    // `claim` is the launcher's own.
    if (name === 'claim') return false;
    const command = COMMANDS.find((one) => one.name === name);
    const help = command === undefined ? '' : commandHelp(command).join('\n');
    const options = others
      .filter((word) => /^--?[a-z]/.test(word))
      .map((word) => word.split('=')[0] ?? '');
    return command === undefined || options.some((option) => !RegExp(`${option}\\b`).test(help));
  });
  expect(unknown).toEqual([]);
});
