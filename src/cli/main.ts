import { VERSION } from '../domain/version.ts';
import { COMPLETE } from './completion/completion-scripts.ts';

/** Every command but `run`, which is in run.ts: prints the answer and sets the exit code. */
export async function main(words: readonly string[]): Promise<void> {
  process.stdout.on('error', endQuietly);
  process.stderr.on('error', endQuietly);
  const [first] = words;
  if (first === '--version' || first === '-V') {
    process.stdout.write(`hookbus ${VERSION}\n`);
    return;
  }
  if (first === COMPLETE) {
    const { complete } = await import('./completion/complete.ts');
    const found = await complete(words.slice(1));
    process.stdout.write(found.map((word) => `${word}\n`).join(''));
    return;
  }
  const { perform } = await import('./program.ts');
  const { stdout, stderr, exitCode } = await perform(words);
  process.exitCode = exitCode;
  if (stderr !== '') process.stderr.write(stderr);
  if (stdout !== '') process.stdout.write(stdout);
}

/** A reader such as `head` may close our output early; that is not an error. */
function endQuietly(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') process.exit();
  throw error;
}
