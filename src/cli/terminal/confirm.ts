import { createInterface } from 'node:readline/promises';
import type { FileReport } from '../../app/install/install.ts';
import { findChangedScript } from '../../app/replay/replay-places.ts';
import type { LogRow } from '../../store/columns.ts';
import { formatThings } from '../output/format.ts';
import { visible } from '../output/text.ts';

/** Whether there is somebody to ask. */
export const isAtTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** @param isDefault what no word means; where nobody is at a terminal, the answer is no */
export async function askAtTerminal(question: string, isDefault: boolean): Promise<boolean> {
  if (!isAtTerminal()) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const word = (await asking.question(question)).trim();
    return word === '' ? isDefault : /^y(?:es)?$/i.test(word);
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
  return askAtTerminal(`${verb} the hooks of\n${lines.join('')}Go on? [Y/n] `, true);
}

/** Asks at a terminal whether to write the file that a link leads to. */
export function isOutsideConfirmed(path: string, target: string): Promise<boolean> {
  const where = `${visible(path)} leads out of the project, to\n  ${visible(target)}\n`;
  return askAtTerminal(`${where}Write that file? [y/N] `, false);
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
  return askAtTerminal(`To be run:\n${listed.join('\n')}\nGo on? [y/N] `, false);
}
