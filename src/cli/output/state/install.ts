import { createTwoFilesPatch } from 'diff';
import type { HookPlan } from '../../../agents/settings/hook-plan.ts';
import type { FileReport } from '../../../app/install/install.ts';
import { formatThings, NOTHING } from '../format.ts';
import type { Page, Tone } from '../page.ts';
import { renderTable } from '../table.ts';
import { visible, wrap } from '../text.ts';

/** What a person is told of the work, beside the files themselves. */
export interface InstallStory {
  readonly work: 'install' | 'uninstall';
  readonly isDryRun: boolean;
  readonly files: readonly FileReport[];
  /** Sentences that follow, each a paragraph. */
  readonly remarks: readonly string[];
}

/** The files with their hooks, what was done, and what there is to know. */
export function installLines(story: InstallStory, page: Page): string[] {
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

function fileLines(file: FileReport, { work }: InstallStory, page: Page): string[] {
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
    { title: 'HOOK', least: 12 },
    { title: 'EVENT', least: 12 },
    { title: 'FOR', least: 8 },
    { title: work === 'install' ? 'NOW' : 'PREFIX' },
  ];
  return [title, ...renderTable(columns, rows, page), ''];
}

const WORDS = {
  install: {
    wrapped: ['wrapped', 'good'],
    unchanged: ['wrapped before', undefined],
    unwrapped: ['taken out', 'warn'],
    by_hand: ['wrapped by hand', undefined],
    left: ['left alone', 'warn'],
  },
  uninstall: {
    wrapped: ['', undefined],
    unchanged: ['kept', undefined],
    unwrapped: ['taken out', 'good'],
    by_hand: ['put by hand, kept', 'warn'],
    left: ['none', undefined],
  },
} as const;

function describe(
  hook: HookPlan,
  work: InstallStory['work'],
): { text: string; tone: Tone | undefined } {
  const [text, tone] = WORDS[work][hook.action];
  return { text, tone };
}

function belowOf({ action, reason, command }: HookPlan) {
  if (reason !== undefined) return { text: visible(reason), tone: 'dim' as const };
  const isNew = action === 'wrapped' || action === 'unwrapped';
  return isNew ? { text: visible(command ?? ''), tone: 'dim' as const } : undefined;
}

/** What would change, as `diff -u` shows it. */
export function unifiedDiff({ path, before, after }: FileReport): string {
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

function summary({ work, isDryRun, files }: InstallStory): string {
  const action = work === 'install' ? 'wrapped' : 'unwrapped';
  const changed = files.filter(({ before, after }) => before !== after);
  const count = files.flatMap(({ hooks }) => hooks).filter((hook) => hook.action === action).length;
  if (changed.length === 0)
    return work === 'install' ? 'Nothing to change.' : 'No prefix to take out.';
  if (count === 0) {
    const verb = work === 'install' ? ['put', 'into'] : ['taken', 'out of'];
    const were = `HOOKBUS_ENABLED ${isDryRun ? 'would be' : 'was'} ${verb[0]} ${verb[1]}`;
    return `${were} ${formatThings(changed.length, 'file')}.`;
  }
  const what =
    work === 'install'
      ? `${isDryRun ? 'Would wrap' : 'Wrapped'} ${formatThings(count, 'hook')}`
      : `${isDryRun ? 'Would take' : 'Took'} the prefix out of ${formatThings(count, 'hook')}`;
  return `${what} in ${formatThings(changed.length, 'file')}.`;
}
