import { createInterface } from 'node:readline/promises';
import type { FileReport } from '../bus/install.ts';
import { findChangedScript } from '../bus/replay-places.ts';
import type { LogRow } from '../store/queries.ts';
import { formatThings } from './output/format.ts';
import { visible } from './output/text.ts';

/** Whether there is somebody to ask. */
export const isAtTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** Asks a person at a terminal; an answer without a word is `byDefault`. */
async function ask(text: string, byDefault: boolean): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`${text} ${byDefault ? '[Y/n]' : '[y/N]'} `);
    return (byDefault ? /^(?:y(?:es)?)?$/i : /^y(?:es)?$/i).test(answer.trim());
  } catch {
    // Control-C and Control-D end the question, and are no yes.
    process.stderr.write('\n');
    return false;
  } finally {
    asking.close();
  }
}

/** Shows a person at a terminal which files would change, and asks; without one the answer is yes. */
export async function isConfirmed(
  work: 'install' | 'uninstall',
  files: readonly FileReport[],
): Promise<boolean> {
  const changed = files.filter(({ before, after }) => before !== after);
  if (changed.length === 0 || !isAtTerminal()) return true;
  const action = work === 'install' ? 'wrapped' : 'unwrapped';
  const lines = changed.map(({ path, scope, hooks }) => {
    const count = hooks.filter((hook) => hook.action === action).length;
    const whose = scope === 'project' ? ', shared with the project' : '';
    return `  ${visible(path)}: ${formatThings(count, 'hook')}${whose}\n`;
  });
  const verb = work === 'install' ? 'To put hookbus before' : 'To take hookbus out of';
  process.stderr.write(`${verb} the hooks of\n${lines.join('')}`);
  return ask('Go on?', true);
}

/** Asks at a terminal whether to write the file that a link leads to. */
export function isOutsideConfirmed(path: string, target: string): Promise<boolean> {
  process.stderr.write(`${visible(path)} leads out of the project, to\n  ${visible(target)}\n`);
  return ask('Write that file?', false);
}

/**
 * Shows at a terminal which commands would run where, and asks.
 * @param argv what is to run instead of the recorded commands
 */
export function isReplayConfirmed(
  rows: readonly LogRow[],
  argv: readonly string[] | undefined,
): Promise<boolean> {
  const times = new Map<string, number>();
  for (const row of rows) {
    const changed = argv === undefined ? findChangedScript(row) : undefined;
    const text = [
      `  ${visible(argv?.join(' ') ?? row.command)}`,
      `    in ${visible(row.cwd ?? '')}`,
      ...(changed === undefined ? [] : [`    ${visible(changed)} is not what ran then`]),
    ].join('\n');
    times.set(text, (times.get(text) ?? 0) + 1);
  }
  const listed = [...times].map(([text, count]) =>
    count === 1 ? text : `${text}\n    ${formatThings(count, 'time')}`,
  );
  process.stderr.write(`To be run:\n${listed.join('\n')}\n`);
  return ask('Go on?', false);
}
