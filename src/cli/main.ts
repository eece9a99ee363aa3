import { VERSION } from '../domain/version.ts';
import { COMPLETE } from './completion/completion-scripts.ts';
import type { Outcome } from './program.ts';
import type { Surroundings } from './words/command.ts';

/** Every command but `run`, which is in run.ts: prints the answer and sets the exit code. */
export async function main(words: readonly string[]): Promise<void> {
  process.stdout.on('error', endEarly);
  process.stderr.on('error', endEarly);
  const { processSurroundings } = await import('./terminal/surroundings.ts');
  const surroundings = processSurroundings();
  const { stdout, stderr, exitCode, isPaged } = await answer(words, surroundings);
  process.exitCode = exitCode;
  if (stderr !== '') process.stderr.write(stderr);
  if (stdout === '') return;
  const rows = surroundings.screen()?.rows;
  const isLong = rows !== undefined && stdout.split('\n').length > rows;
  if (isPaged === true && isLong) {
    const { showInPager } = await import('./terminal/pager.ts');
    if (await showInPager(stdout, surroundings.env)) return;
  }
  process.stdout.write(stdout);
}

/** What to print, and the exit code. It reads only what it is given, and the files that this names. */
export async function answer(
  words: readonly string[],
  surroundings: Surroundings,
): Promise<Outcome> {
  const [first] = words;
  if (first === '--version' || first === '-V') return printed([`hookbus ${VERSION}`]);
  if (first === COMPLETE) {
    const { complete } = await import('./completion/complete.ts');
    return printed(await complete(words.slice(1), surroundings.env));
  }
  const { perform } = await import('./program.ts');
  return perform(words, surroundings);
}

function printed(lines: readonly string[]): Outcome {
  return { stdout: lines.map((line) => `${line}\n`).join(''), stderr: '', exitCode: 0 };
}

/** A reader such as `head` may close our output early; that is not an error. A full disk is one. */
function endEarly(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') process.exit();
  process.stderr.write(`hookbus: the output cannot be written: ${error.message}\n`);
  process.exit(1);
}
