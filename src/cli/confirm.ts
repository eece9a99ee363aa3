import { createInterface } from 'node:readline/promises';
import type { FileReport } from '../bus/install.ts';
import { formatThings } from './output/format.ts';
import { visible } from './output/text.ts';

/** Shows a person at a terminal which files would change, and asks; without one the answer is yes. */
export async function isConfirmed(
  work: 'install' | 'uninstall',
  files: readonly FileReport[],
): Promise<boolean> {
  const changed = files.filter(({ before, after }) => before !== after);
  if (changed.length === 0 || !process.stdin.isTTY || !process.stderr.isTTY) return true;
  const action = work === 'install' ? 'wrapped' : 'unwrapped';
  const lines = changed.map(({ path, scope, hooks }) => {
    const count = hooks.filter((hook) => hook.action === action).length;
    const whose = scope === 'project' ? ', shared with the project' : '';
    return `  ${visible(path)}: ${formatThings(count, 'hook')}${whose}\n`;
  });
  const verb = work === 'install' ? 'To put hookbus before' : 'To take hookbus out of';
  return askAtTerminal(`${verb} the hooks of\n${lines.join('')}Go on? [Y/n] `, true);
}

/** @param isDefault what no word means; where nobody is at a terminal, the answer is no */
export async function askAtTerminal(question: string, isDefault: boolean): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
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
