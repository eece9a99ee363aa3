import type { FileReport } from '../../app/install/install.ts';
import { findChangedScript } from '../../app/replay/replay-places.ts';
import { formatThings } from '../../format.ts';
import type { LogRow } from '../../store/columns.ts';
import { visible } from '../output/text.ts';
import type { Surroundings } from '../words/command.ts';

/**
 * Asks a yes-or-no question. Without a terminal the answer is no, and Control-C and Control-D mean no.
 * @param isDefault the answer to an empty line
 */
export async function askYesOrNo(
  { ask }: Pick<Surroundings, 'ask'>,
  question: string,
  isDefault: boolean,
): Promise<boolean> {
  const word = (await ask?.(question))?.trim();
  return word === '' ? isDefault : /^y(?:es)?$/i.test(word ?? 'no');
}

const ACTIONS = { install: 'wrapped', uninstall: 'unwrapped' } as const;

/** Shows which files would change, and asks; without a terminal the answer is yes. */
export async function isConfirmed(
  surroundings: Surroundings,
  work: 'install' | 'uninstall',
  files: readonly FileReport[],
  warning?: string,
): Promise<boolean> {
  const changed = files.filter(({ before, after }) => before !== after);
  if (changed.length === 0 || surroundings.ask === undefined) return true;
  const action = ACTIONS[work];
  let total = 0;
  const lines = changed.map(({ path, scope, hooks }) => {
    const count = hooks.filter((hook) => hook.action === action).length;
    total += count;
    const whose = scope === 'project' ? ', shared with the project' : '';
    return `  ${visible(path)}: ${formatThings(count, 'hook')}${whose}\n`;
  });
  const verb = work === 'install' ? 'Wrap' : 'Unwrap';
  const question =
    total === 0
      ? `Change ${formatThings(changed.length, 'file')}?`
      : `${verb} ${formatThings(total, 'hook')}?`;
  const known = warning !== undefined && total > 0 ? `${warning}\n` : '';
  return askYesOrNo(surroundings, `${lines.join('')}${known}${question} [Y/n] `, true);
}

/** Asks about a file that a team shares, by itself. */
export function isSharedConfirmed(
  surroundings: Surroundings,
  work: 'install' | 'uninstall',
  { path, hooks }: FileReport,
): Promise<boolean> {
  const count = hooks.filter(({ action }) => action === ACTIONS[work]).length;
  const verb = work === 'install' ? 'Wrap' : 'Unwrap';
  const what = `${visible(path)} is shared with the project.\n`;
  return askYesOrNo(
    surroundings,
    `${what}${verb} its ${formatThings(count, 'hook')} too, for everybody who uses the project? [y/N] `,
    false,
  );
}

/** Asks whether to switch recording on in a file that a team shares. */
export function isSwitchConfirmed(surroundings: Surroundings, path: string): Promise<boolean> {
  const question = `Switch recording on in ${visible(path)} too, for everybody who has HookBus?`;
  return askYesOrNo(surroundings, `${question} [y/N] `, false);
}

/** Asks whether to write the target of a link. */
export function isOutsideConfirmed(
  surroundings: Surroundings,
  path: string,
  target: string,
): Promise<boolean> {
  const where = `${visible(path)} is a link out of the project, to\n  ${visible(target)}\n`;
  return askYesOrNo(surroundings, `${where}Change that file? [y/N] `, false);
}

/**
 * Shows which commands would run and where, and asks.
 * @param argv the command to run instead of the recorded ones
 */
export function isReplayConfirmed(
  surroundings: Surroundings,
  rows: readonly LogRow[],
  argv: readonly string[] | undefined,
): Promise<boolean> {
  const times = new Map<string, number>();
  for (const row of rows) {
    const changed = argv === undefined ? findChangedScript(row, surroundings.env) : undefined;
    const text = [
      `  ${visible(argv?.join(' ') ?? row.command)}`,
      `    in ${visible(row.cwd ?? '')}`,
      ...(changed === undefined ? [] : [`    ${visible(changed.path)} has changed since`]),
    ].join('\n');
    times.set(text, (times.get(text) ?? 0) + 1);
  }
  const listed = [...times].map(([text, count]) =>
    count === 1 ? text : `${text}\n    ${formatThings(count, 'time')}`,
  );
  return askYesOrNo(
    surroundings,
    `These commands will run:\n${listed.join('\n')}\nRun them? [y/N] `,
    false,
  );
}
