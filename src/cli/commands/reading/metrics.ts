import type { MetricsFilter } from '../../../app/reading/read-metrics.ts';
import { HOUR_MS, isoOf } from '../../../domain/time.ts';
import { formatCount, formatThings } from '../../../format.ts';
import { createMetrics, GROUPINGS, type Grouping } from '../../../metrics/report.ts';
import { type ComparedReport, metricsLines } from '../../output/metrics/metrics.ts';
import type { Page } from '../../output/page.ts';
import { createDayProgress } from '../../terminal/progress.ts';
import { withDatabase } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
  type LiveAnswer,
  type LiveOutput,
} from '../../words/command.ts';
import { FILTERS, readFilter } from '../../words/filters.ts';
import { readHours, TIME_FORMS } from '../../words/time.ts';
import { unmatchedNames } from '../../words/unmatched.ts';
import { readWord } from '../../words/values.ts';

const DEFAULT_TIME = '24h';

const REBUILD = 'rebuild';

/** How often `--watch` refreshes. */
const WATCH_MS = 2000;

export const metricsCommand: Command = {
  name: 'metrics',
  summary: 'Show how often hooks fail and how long they take',
  usage: '[TIME | rebuild] [options]',
  isPaged: true,
  about: [
    'Shows for each hook and event within TIME how its executions ended, how many refused (DENIED) and how long they took. A hook that refuses by JSON counts both as a success and as denied. The hook with the longest total time comes first. Percentiles are exact (nearest rank) for up to 25,000 executions that are still recorded; otherwise they come from rollups and are within 1 %.',
    'Below, it grades the failure rate against its target: ok, above target, or alert. It also shows the overhead that hookbus measures from inside. The targets are for the caller, who sees more, so a figure below the target is not called ok.',
    'rebuild computes the rollups again from the recorded executions.',
  ],
  argument: {
    name: 'TIME',
    describe: `how far to look back: ${TIME_FORMS}`,
    default: DEFAULT_TIME,
  },
  options: {
    by: {
      value: 'WHAT',
      describe: `group executions by ${GROUPINGS.join(', ')}`,
      default: 'hook and event',
    },
    hook: FILTERS.hook,
    event: FILTERS.event,
    project: FILTERS.project,
    here: FILTERS.here,
    compare: { describe: 'compare with the window before' },
    all: { describe: 'show every row, also those that do not fit the screen' },
    watch: { describe: 'refresh every 2 seconds until Ctrl-C' },
  },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus metrics', 'the last 24 hours'],
    ['hookbus metrics 30m', 'the last half hour'],
    ['hookbus metrics 7d --compare', 'this week against the last'],
    ['hookbus metrics 30d --by day', 'the last month, day by day'],
    ['hookbus metrics 7d --by project', 'this week, project by project'],
    ['hookbus metrics 7d --by day --hook lint', 'one hook, day by day'],
    ['hookbus metrics 1h --watch', 'while an agent works'],
    ["hookbus metrics 7d --json | jq '.overhead.p95_ms'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer | LiveAnswer> {
  if (given.argument === REBUILD) return rebuild(context);
  const time = given.argument ?? DEFAULT_TIME;
  readHours(time, context.now());
  const by = readBy(given.value('by'));
  const isCompared = given.isOn('compare');
  const filter = await readFilter(given, context);
  const read = () => readReport(context, { time, by, isCompared, filter });
  if (given.isOn('watch')) return { live: (output) => watch(output, read, given.isOn('json')) };
  const report = await read();
  const unmatched =
    report.executions > 0 ? [] : await withDatabase(context, (db) => unmatchedNames(db, filter));
  const more = (shown: number, all: number): string =>
    `… and ${formatCount(all - shown)} more; --all shows them`;
  return {
    json: report,
    lines: (page) => {
      if (unmatched !== undefined && unmatched.length > 0) return unmatched;
      return metricsLines(report, page, given.isOn('all') ? undefined : more);
    },
  };
}

interface Query {
  readonly time: string;
  readonly by: Grouping | undefined;
  readonly isCompared: boolean;
  readonly filter: MetricsFilter;
}

async function readReport(context: Context, { time, by, isCompared, filter }: Query) {
  const [{ countsRollups, readMetrics }, { coveredSpan }] = await Promise.all([
    import('../../../app/reading/read-metrics.ts'),
    import('../../../app/reading/report/covered-span.ts'),
  ]);
  const nowMs = context.now();
  const { onDay, end } = createDayProgress(context);
  const hours = readHours(time, nowMs);
  const reports = await withDatabase(context, (db) => {
    const read = (endedMs: number) => ({
      ...readMetrics(db, hours, nowMs, { by, endedMs, filter, onDay }),
      covered: coveredSpan(db, isoOf(nowMs - endedMs - hours * HOUR_MS), {
        settings: context.settings,
        withRollups: countsRollups(by, filter),
      }),
    });
    return { now: read(0), before: isCompared ? read(hours * HOUR_MS) : undefined };
  }).finally(end);
  const nothing = createMetrics().report(hours);
  const unknown = { ...nothing, covered: null };
  return {
    ...(reports?.now ?? unknown),
    ...(by === undefined ? {} : { by }),
    ...(isCompared ? { before: reports?.before ?? unknown } : {}),
  };
}

/** Runs until it is stopped. Redraws on a terminal; elsewhere prints one report after the other. */
async function watch(
  output: LiveOutput,
  read: () => Promise<ComparedReport>,
  isJson: boolean,
): Promise<void> {
  for (;;) {
    const report = await read();
    if (isJson) await output.json([report]);
    else await output.redraw((page) => watchLines(report, page));
    await output.pause(WATCH_MS);
  }
}

function watchLines(report: ComparedReport, page: Page): readonly string[] {
  if (page.rows === undefined) return metricsLines(report, page);
  const hint = `Refreshed every ${WATCH_MS / 1000} s. Ctrl-C quits.`;
  const lines = metricsLines(report, page, (shown, all) => `${shown} of ${all} rows`);
  return [...lines, page.paint(hint, 'dim')];
}

function readBy(text: string | undefined) {
  return text === undefined ? undefined : readWord('--by', text, GROUPINGS);
}

async function rebuild(context: Context): Promise<Answer> {
  const { rebuildRollups } = await import('../../../app/retention/roll-up.ts');
  const executions = (await withDatabase(context, rebuildRollups)) ?? 0;
  return {
    json: { executions },
    lines: () => [`Computed the rollups again from ${formatThings(executions, 'execution')}.`],
  };
}
