import { expect, it } from 'vitest';
import { hookbus } from '../support/hookbus.ts';
import { freshState } from '../support/state.ts';

it.each([
  ['logs --json --json', 0, '[]'],
  ['logs --json=false --json', 0, '[]'],
  ['--json logs --json', 0, '[]'],
  ['logs --json --json=false', 0, 'No execution is recorded yet.'],
  ['cleanup --dry-run --dry-run', 0, 'Nothing is older than'],
  ['logs --help=false', 0, 'No execution is recorded yet.'],
  ['logs --help=false --help', 0, 'Usage: hookbus logs'],
  ['logs -h --json', 0, 'Usage: hookbus logs'],
])('%s: a switch may be given again, and the last one counts', async (line, exitCode, text) => {
  const { home } = freshState();
  const ended = await hookbus(line.split(' '), { HOOKBUS_HOME: home });
  expect(ended).toMatchObject({ exitCode, stderr: '' });
  expect(ended.stdout).toContain(text);
});

it('--help with a value that is neither true nor false is an error', async () => {
  const { stderr, exitCode } = await hookbus(['logs', '--help=x']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('--help takes no value, got "x".');
});
