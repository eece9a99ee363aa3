import { relative } from 'node:path';
import { type CensusEntry, type Concern, changeWords } from '../../../app/hooks/census.ts';
import type { FileProblem } from '../../../app/hooks/configured-hooks.ts';
import { withoutCommandText } from '../../../app/install/without-command.ts';
import { formatAge, formatCount, formatThings, formatWindow, NOTHING } from '../../../format.ts';
import type { Page, Tone } from '../page.ts';
import { BELOW_INDENT, type Cell, type Column, type Row, renderTable } from '../table.ts';
import { clip, columnsOf, hanging, visible } from '../text.ts';
import { shortPath } from './recording.ts';

/** What `hookbus hooks` shows. */
export interface HooksReport {
  readonly project: string;
  readonly home: string | undefined;
  readonly hours: number;
  readonly entries: readonly CensusEntry[];
  readonly problems: readonly FileProblem[];
  readonly notes: readonly string[];
  /** Also hooks that are rarely of interest. */
  readonly isAll: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'STATE' },
  { title: 'HOOK', minWidth: 10 },
  { title: 'RUNS ON', minWidth: 14 },
  { title: 'SOURCE', minWidth: 7, dropOrder: 1 },
  { title: 'LAST RUN', dropOrder: 2 },
  { title: 'RUNS', align: 'right' },
  { title: 'DENIED', align: 'right' },
  { title: 'FAILED', align: 'right' },
];

const AGENT: Column = { title: 'AGENT' };

/** How a hook is, in a word. */
const STATES: Readonly<
  Record<Concern | 'ran' | 'idle' | 'other', readonly [string, Tone | undefined]>
> = {
  voided: ['ignored', 'bad'],
  policy: ['locked', 'bad'],
  untrusted: ['untrusted', 'bad'],
  missing: ['missing', 'bad'],
  never_ran: ['silent', 'bad'],
  fails: ['failing', 'bad'],
  misread: ['misread', 'bad'],
  changed: ['changed', 'warn'],
  disabled: ['disabled', 'warn'],
  not_recorded: ['unrecorded', 'warn'],
  ran: ['ok', 'good'],
  idle: ['no runs', 'dim'],
  other: [NOTHING, 'dim'],
};

/** One row for each hook, those that need a look first, each with the reason below. */
export function hooksLines(report: HooksReport, page: Page): string[] {
  const { entries, isAll } = report;
  const shown = isAll ? entries : entries.filter(isOfInterest);
  const agents = new Set(shown.map(({ agent }) => agent));
  const columns = agents.size > 1 ? [...COLUMNS.slice(0, 3), AGENT, ...COLUMNS.slice(3)] : COLUMNS;
  const rows = shown.map((entry, at) => rowOf(entry, shown[at - 1], agents.size > 1, report, page));
  return [
    ...summary(report, page),
    ...(rows.length === 0 ? [] : ['', ...renderTable(columns, rows, page)]),
    ...section(remarks(report, shown.length), page),
  ];
}

/** What HookBus cannot record, or what runs only now and then, is of interest if something is wrong with it. */
function isOfInterest({ concern, kind, source }: CensusEntry): boolean {
  const isRare = source === 'skill' || source === 'agent';
  if (concern === undefined) return kind !== 'other' && !isRare;
  return concern !== 'not_recorded' || !isRare;
}

/** Of these a person has to know; that a hook is not recorded is said once for all. */
const needsLook = ({ concern }: CensusEntry): boolean =>
  concern !== undefined && concern !== 'not_recorded';

function summary({ entries, project, home, hours }: HooksReport, page: Page): string[] {
  const where = visible(shortPath(project, home));
  if (entries.length === 0) return [`No agent has hooks in ${where}.`];
  const looks = entries.filter(needsLook).length;
  const recorded = entries.filter(({ isRecorded }) => isRecorded).length;
  const titles = [...new Set(entries.map(({ title }) => title))];
  const state =
    looks === 0
      ? page.paint('none needs a look', 'good')
      : page.paint(`${formatCount(looks)} ${looks === 1 ? 'needs' : 'need'} a look`, 'bad');
  return [
    `${formatThings(entries.length, 'hook')} of ${listed(titles)} in ${where}: ${state}, ${formatCount(recorded)} recorded.`,
    page.paint(`The numbers are those of the last ${formatWindow(hours)}.`, 'dim'),
  ].flatMap((line) => hanging('', line, page));
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

function rowOf(
  entry: CensusEntry,
  before: CensusEntry | undefined,
  hasAgents: boolean,
  report: HooksReport,
  page: Page,
): Row {
  const { activity, isRecorded, agent } = entry;
  const [word, tone] = STATES[stateOf(entry)];
  const count = (value: number | undefined, bad?: Tone): Cell => ({
    text: isRecorded || value ? formatCount(value ?? 0) : NOTHING,
    tone: value ? bad : 'dim',
  });
  const age = activity && formatAge(new Date(activity.lastRun), page.nowMs);
  const last = age?.replace(/ minutes? /, ' min ');
  return {
    cells: [
      { text: word, tone },
      { text: visible(nameOf(entry)), tone: 'strong' },
      { text: visible(occasionOf(entry)) },
      // Then there is no room for the owner's name.
      ...(hasAgents ? [{ text: agent }] : []),
      { text: visible(hasAgents ? entry.source : sourceOf(entry)) },
      last === undefined ? { text: isRecorded ? 'never' : NOTHING, tone: 'dim' } : { text: last },
      count(activity?.runs),
      count(activity?.refusals),
      count(activity?.failures, 'warn'),
    ],
    below: belowOf(entry, before, report, page),
  };
}

function stateOf({ concern, activity, kind }: CensusEntry): keyof typeof STATES {
  if (concern !== undefined) return concern;
  if (kind === 'other') return 'other';
  return activity === undefined ? 'idle' : 'ran';
}

/** A hook without a command has no name; its type says the most. */
const nameOf = ({ hookName, type }: CensusEntry): string => hookName || `(${type || 'no type'})`;

function occasionOf({ event, matcher, condition }: CensusEntry): string {
  const on = matcher === undefined || matcher === '*' ? event : `${event} ${matcher}`;
  return condition === undefined ? on : `${on} if ${condition}`;
}

const sourceOf = ({ source, owner }: CensusEntry): string =>
  owner === undefined ? source : `${source} ${owner}`;

function belowOf(
  entry: CensusEntry,
  before: CensusEntry | undefined,
  report: HooksReport,
  page: Page,
): Cell | undefined {
  const { change } = entry;
  const isFine = !needsLook(entry);
  const reason = isFine ? change && changeWords(change) : entry.reason;
  const [path, line] = causeOf(entry);
  if (reason === undefined) return undefined;
  // One bad entry may keep a dozen hooks from running.
  const isRepeated = !isFine && before?.reason === reason && causeOf(before)[0] === path;
  if (isRepeated) return undefined;
  if (path === undefined) return { text: visible(reason), tone: 'dim' };
  const place = clip(visible(placeOf(path, line, report)), MAX_PLACE, 'middle');
  const room = page.columns - BELOW_INDENT - columnsOf(place) - 2;
  return { text: `${clip(visible(reason), room)}  ${place}`, tone: 'dim' };
}

/** Where the reason stands: with the hook, or where something keeps it from running. */
const causeOf = ({ off, path, line }: CensusEntry) =>
  off?.path === undefined ? ([path, line] as const) : ([off.path, off.line] as const);

const MAX_PLACE = 40;

function placeOf(path: string, line: number | undefined, { project, home }: HooksReport): string {
  const inside = relative(project, path);
  const short = inside.startsWith('..') ? shortPath(path, home) : inside;
  return line === undefined ? short : `${short}:${line}`;
}

function remarks(report: HooksReport, shown: number): string[] {
  const { entries, problems, notes } = report;
  const hidden = entries.length - shown;
  const unrecordable = withoutCommandText(
    entries.flatMap(({ kind, type }) => (kind === 'other' && type !== '' ? type : [])),
  );
  return [
    ...problems
      .filter(({ hooks }) => hooks === 0)
      .map(({ path, line, reason }) => `${placeOf(path, line, report)} is ignored: ${reason}`),
    ...notes,
    ...unrecorded(entries),
    ...(unrecordable === undefined ? [] : [`${unrecordable}.`]),
    ...(hidden === 0
      ? []
      : [
          `${formatCount(hidden)} more, without a command or of skills and agents: type hookbus hooks --all.`,
        ]),
  ];
}

const OTHERS: Readonly<Record<string, string>> = {
  managed: 'an administrator',
  plugin: 'plugins',
  skill: 'skills',
  agent: 'agents',
};

/** `install` takes a file that a team shares only by its scope. */
const lineFor = ({ agent, source }: CensusEntry): string =>
  `hookbus install${source === 'project' ? ' --scope project' : ''}${agent === 'claude' ? '' : ` --agent ${agent}`}`;

/** What to do so that HookBus records the rest. It does not change files of others. */
function unrecorded(entries: readonly CensusEntry[]): string[] {
  const bare = entries.filter(({ concern }) => concern === 'not_recorded');
  const own = bare.filter(({ source }) => ['user', 'project', 'local'].includes(source));
  const others = bare.length - own.length;
  const are = (count: number, more = ''): string =>
    `${formatThings(count, 'hook')}${more} ${count === 1 ? 'is' : 'are'} not recorded`;
  return [
    ...[...new Set(own.map(lineFor))].map((line) => {
      const count = own.filter((entry) => lineFor(entry) === line).length;
      return `${are(count)}: type ${line}.`;
    }),
    ...(others === 0
      ? []
      : [
          `${are(others, ` of ${listed([...new Set(bare.flatMap(({ source }) => OTHERS[source] ?? []))])}`)}: hookbus install changes only settings files.`,
        ]),
  ];
}

function section(texts: readonly string[], page: Page): string[] {
  if (texts.length === 0) return [];
  return ['', ...texts.flatMap((text) => hanging('- ', visible(text), page))];
}

/** For programs: docs/json.md says what each field means. */
export function hooksJson({ project, hours, entries, problems, notes }: HooksReport) {
  return {
    project,
    window_hours: hours,
    hooks: entries.map((entry) => ({
      ...definitionOf(entry),
      ...activityOf(entry),
      runs_here: entry.off === undefined,
      concern: entry.concern ?? null,
      reason: entry.reason ?? null,
      cause:
        entry.off?.path === undefined
          ? null
          : { path: entry.off.path, line: entry.off.line ?? null },
    })),
    files: problems.map(({ path, line, reason, hooks }) => ({
      path,
      line: line ?? null,
      reason,
      hooks,
    })),
    notes,
  };
}

const definitionOf = (entry: CensusEntry) => ({
  agent: entry.agent,
  source: entry.source,
  owner: entry.owner ?? null,
  event: entry.event,
  matcher: entry.matcher ?? null,
  condition: entry.condition ?? null,
  type: entry.type,
  command: entry.command,
  args: entry.args,
  original: entry.original,
  hook_name: entry.hookName || null,
  path: entry.path ?? null,
  line: entry.line ?? null,
  limit_ms: entry.limitMs,
  is_async: entry.isAsync,
  is_recorded: entry.isRecorded,
});

const activityOf = ({ activity, change }: CensusEntry) => ({
  last_run: activity?.lastRun ?? null,
  runs: activity?.runs ?? 0,
  denied: activity?.refusals ?? 0,
  failed: activity?.failures ?? 0,
  script_change:
    change === undefined
      ? null
      : {
          at: change.afterAt,
          digest_before: change.before,
          digest: change.after,
          denied_before: change.refusalsBefore,
          runs_since: change.runsSince,
          denied_since: change.refusalsSince,
        },
});
