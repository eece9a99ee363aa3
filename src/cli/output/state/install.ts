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
  managed: 'for all users',
  local: 'yours, in this project',
} as const;

function fileLines(file: FileReport, { work, isDryRun }: InstallSummary, page: Page): string[] {
  const title = page.paint(`${visible(file.path)} (${WHOSE[file.scope]})`, 'strong');
  if (file.hooks.length === 0) return [title, '  no hooks', ''];
  const rows = file.hooks.map((hook) => {
    const [text, tone] = WORDS[work][isDryRun ? 'planned' : 'done'][hook.action];
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
    { title: work === 'uninstall' ? 'PREFIX' : isDryRun ? 'THEN' : 'NOW' },
  ];
  return [title, ...renderTable(columns, rows, page), ''];
}

type Words = Readonly<Record<HookPlan['action'], readonly [string, Tone | undefined]>>;

const KEPT = {
  install: {
    unchanged: ['already wrapped', undefined],
    by_hand: ['wrapped by hand', undefined],
    left: ['left alone', 'warn'],
  },
  uninstall: {
    wrapped: ['', undefined],
    unchanged: ['kept', undefined],
    by_hand: ['added by hand, kept', 'warn'],
    left: ['none', undefined],
  },
} as const;

const WORDS: Readonly<Record<InstallSummary['work'], Record<'planned' | 'done', Words>>> = {
  install: {
    planned: {
      ...KEPT.install,
      wrapped: ['would wrap', 'good'],
      unwrapped: ['would unwrap', 'warn'],
    },
    done: { ...KEPT.install, wrapped: ['wrapped', 'good'], unwrapped: ['unwrapped', 'warn'] },
  },
  uninstall: {
    planned: { ...KEPT.uninstall, unwrapped: ['would remove', 'good'] },
    done: { ...KEPT.uninstall, unwrapped: ['removed', 'good'] },
  },
};

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

/** What was done to hooks, and to env blocks of files whose hooks stayed as they were. */
function summary({ work, isDryRun, files }: InstallSummary): string {
  const changed = files.filter(({ before, after }) => before !== after);
  const isDone = ({ action }: HookPlan): boolean => action === 'wrapped' || action === 'unwrapped';
  const others = changed.filter(({ hooks }) => !hooks.some(isDone));
  const hooks = changed.flatMap((file) => file.hooks);
  const where = formatThings(changed.length - others.length, 'file');
  const sentences = [
    ...['wrapped', 'unwrapped'].flatMap((action) => {
      const count = hooks.filter((hook) => hook.action === action).length;
      const verb = VERBS[action === 'wrapped' ? 'wrapped' : work][isDryRun ? 0 : 1];
      return count === 0 ? [] : `${verb} ${formatThings(count, 'hook')} in ${where}.`;
    }),
    ...(others.length === 0 ? [] : [envSentence(others, work, isDryRun)]),
  ];
  if (sentences.length > 0) return sentences.join(' ');
  return work === 'install' ? 'Nothing to change.' : 'No prefix to remove.';
}

const VERBS = {
  wrapped: ['Would wrap', 'Wrapped'],
  install: ['Would unwrap', 'Unwrapped'],
  uninstall: ['Would remove the prefix from', 'Removed the prefix from'],
} as const;

/** The variables that a file no longer sets. */
const gone = ({ before, after }: FileReport): string[] =>
  ['HOOKBUS_ENABLED', 'HOOKBUS_STORE_RAW', 'CLAUDE_CODE_SHELL_PREFIX'].filter(
    (name) => before.includes(`"${name}"`) && !after.includes(`"${name}"`),
  );

function envSentence(
  files: readonly FileReport[],
  work: InstallSummary['work'],
  isDryRun: boolean,
): string {
  const names = [
    ...new Set(
      files.flatMap((file) => (work === 'install' ? Object.keys(file.variables) : gone(file))),
    ),
  ];
  const what = names.length > 0 ? names.join(' and ') : 'HOOKBUS_ENABLED';
  const [verb, to] = work === 'install' ? ['added', 'to'] : ['removed', 'from'];
  const be = names.length > 1 ? 'were' : 'was';
  return `${what} ${isDryRun ? 'would be' : be} ${verb} ${to} ${formatThings(files.length, 'file')}.`;
}
