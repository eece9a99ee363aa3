import { createTwoFilesPatch } from 'diff';
import type { HookPlan } from '../../../agents/settings/hook-plan.ts';
import type { FileReport } from '../../../app/install/install.ts';
import { formatThings, NOTHING } from '../../../format.ts';
import type { Page, Tone } from '../page.ts';
import { renderTable } from '../table.ts';
import { visible, wrap } from '../text.ts';

/** What to report about the work. */
export interface InstallSummary {
  readonly work: 'install' | 'uninstall';
  readonly isDryRun: boolean;
  readonly files: readonly FileReport[];
  /** Sentences at the end, each a paragraph. */
  readonly remarks: readonly string[];
}

/** The files with their hooks, what was done, and remarks. */
export function installLines(story: InstallSummary, page: Page): string[] {
  return [
    ...story.files.flatMap((file) => fileLines(file, story, page)),
    ...(story.isDryRun ? story.files.flatMap((file) => diffLines(file, page)) : []),
    summary(story),
    ...story.remarks.flatMap((remark) => {
      const [text = '', ...exact] = remark.split('\n');
      return [...wrap(visible(text), page.columns), ...exact.map((line) => `  ${visible(line)}`)];
    }),
  ];
}

const WHOSE = {
  user: 'yours',
  project: 'shared with the project',
  local: 'yours, in this project',
} as const;

function fileLines(file: FileReport, { work }: InstallSummary, page: Page): string[] {
  const title = page.paint(`${visible(file.path)} (${WHOSE[file.scope]})`, 'strong');
  if (file.hooks.length === 0) return [title, '  no hooks', ''];
  const rows = file.hooks.map((hook) => {
    const { text, tone } = describe(hook, work);
    return {
      cells: [
        { text: visible(hook.name ?? NOTHING) },
        { text: visible(hook.event) },
        { text: visible(hook.matcher ?? '*') },
        { text, tone },
      ],
      below: belowOf(hook),
    };
  });
  const columns = [
    { title: 'HOOK', minWidth: 12 },
    { title: 'EVENT', minWidth: 12 },
    { title: 'FOR', minWidth: 8 },
    { title: work === 'install' ? 'NOW' : 'PREFIX' },
  ];
  return [title, ...renderTable(columns, rows, page), ''];
}

const WORDS = {
  install: {
    wrapped: ['wrapped', 'good'],
    unchanged: ['already wrapped', undefined],
    unwrapped: ['removed', 'warn'],
    by_hand: ['wrapped by hand', undefined],
    left: ['not wrapped', 'warn'],
  },
  uninstall: {
    wrapped: ['', undefined],
    unchanged: ['kept', undefined],
    unwrapped: ['removed', 'good'],
    by_hand: ['added by hand, kept', 'warn'],
    left: ['none', undefined],
  },
} as const;

function describe(
  hook: HookPlan,
  work: InstallSummary['work'],
): { text: string; tone: Tone | undefined } {
  const [text, tone] = WORDS[work][hook.action];
  return { text, tone };
}

function belowOf({ action, reason, command }: HookPlan) {
  if (reason !== undefined) return { text: visible(reason), tone: 'dim' as const };
  const isNew = action === 'wrapped' || action === 'unwrapped';
  return isNew ? { text: visible(command ?? ''), tone: 'dim' as const } : undefined;
}

/** The changes, as `diff -u` shows them. */
export function unifiedDiff({
  path,
  before,
  after,
}: Pick<FileReport, 'path' | 'before' | 'after'>): string {
  return before === after
    ? ''
    : createTwoFilesPatch(path, path, before, after, '', '', { context: 3 });
}

function diffLines(file: FileReport, page: Page): string[] {
  const lines = unifiedDiff(file).split('\n').slice(0, -1);
  const toned = lines.map((line) => {
    const tone = line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : 'dim';
    return page.paint(visible(line.replace(/\r$/, '')), tone);
  });
  return lines.length === 0 ? [] : [...toned, ''];
}

function summary({ work, isDryRun, files }: InstallSummary): string {
  const action = work === 'install' ? 'wrapped' : 'unwrapped';
  const changed = files.filter(({ before, after }) => before !== after);
  const count = files.flatMap(({ hooks }) => hooks).filter((hook) => hook.action === action).length;
  if (changed.length === 0)
    return work === 'install' ? 'Nothing to change.' : 'No prefix to remove.';
  if (count === 0) {
    const verb = work === 'install' ? ['added', 'to'] : ['removed', 'from'];
    const were = `HOOKBUS_ENABLED ${isDryRun ? 'would be' : 'was'} ${verb[0]} ${verb[1]}`;
    return `${were} ${formatThings(changed.length, 'file')}.`;
  }
  const what =
    work === 'install'
      ? `${isDryRun ? 'Would wrap' : 'Wrapped'} ${formatThings(count, 'hook')}`
      : `${isDryRun ? 'Would remove' : 'Removed'} the prefix from ${formatThings(count, 'hook')}`;
  return `${what} in ${formatThings(changed.length, 'file')}.`;
}
