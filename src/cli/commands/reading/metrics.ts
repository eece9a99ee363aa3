import { setTimeout as wait } from 'node:timers/promises';
import { HOUR_MS } from '../../../domain/time.ts';
import { formatThings } from '../../../format.ts';
import { createMetrics, GROUPINGS, type Grouping } from '../../../metrics/report.ts';
import { type ComparedReport, metricsLines } from '../../output/metrics/metrics.ts';
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
import { MAX_HOURS, readHours, readWord } from '../../words/values.ts';

const DEFAULT_HOURS = '24';

const REBUILD = 'rebuild';

/** How often `--watch` refreshes. */
const WATCH_MS = 2000;

export const metricsCommand: Command = {
  name: 'metrics',
  summary: 'Show how often hooks fail and how long they take',
  usage: '[HOURS | rebuild] [options]',
  about: [
    'Shows for each hook and event of the last HOURS how its executions ended, how many refused (DENIED) and how long they took. A hook that refuses by JSON counts both as a success and as denied. The hook with the longest total time comes first. Percentiles are exact (nearest rank) for up to 50,000 executions that are still recorded; otherwise they come from rollups and are within 1 %.',
    'Below, it grades the failure rate against its target: ok, above target, or alert. It also shows the overhead that hookbus measures from inside. The targets are for the caller, who sees more, so a figure below the target is not called ok.',
    'rebuild computes the rollups again from the recorded executions.',
  ],
  argument: {
    name: 'HOURS',
    describe: `how far to look back, above 0 and at most ${MAX_HOURS}; fractions allowed`,
    default: DEFAULT_HOURS,
  },
  options: {
    by: {
      value: 'WHAT',
      describe: `group executions by ${GROUPINGS.join(', ')}`,
      default: 'hook and event',
    },
    compare: { describe: 'compare with the window before' },
    watch: { describe: 'refresh every 2 seconds until Ctrl-C' },
  },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus metrics', 'the last 24 hours'],
    ['hookbus metrics 0.5', 'the last half hour'],
    ['hookbus metrics 168 --compare', 'this week against the last'],
    ['hookbus metrics 720 --by day', 'the last month, day by day'],
    ['hookbus metrics 168 --by project', 'this week, project by project'],
    ['hookbus metrics 1 --watch', 'while an agent works'],
    ["hookbus metrics 168 --json | jq '.overhead.p95_ms'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer | LiveAnswer> {
  if (given.argument === REBUILD) return rebuild(context);
  const hours = readHours(given.argument ?? DEFAULT_HOURS);
  const by = readBy(given.value('by'));
  const isCompared = given.isOn('compare');
  const read = () => readReport(context, { hours, by, isCompared });
  if (given.isOn('watch')) return { live: (output) => watch(output, read, given.isOn('json')) };
  const report = await read();
  return { json: report, lines: (page) => metricsLines(report, page) };
}

interface Query {
  readonly hours: number;
  readonly by: Grouping | undefined;
  readonly isCompared: boolean;
}

async function readReport(context: Context, { hours, by, isCompared }: Query) {
  const { readMetrics } = await import('../../../app/reading/read-metrics.ts');
  const nowMs = context.now();
  const { onDay, end } = createDayProgress(context);
  const reports = await withDatabase(context, (db) => {
    const read = (endedMs: number) => readMetrics(db, hours, nowMs, { by, endedMs, onDay });
    return { now: read(0), before: isCompared ? read(hours * HOUR_MS) : undefined };
  }).finally(end);
  const nothing = createMetrics().report(hours);
  return {
    ...(reports?.now ?? nothing),
    ...(by === undefined ? {} : { by }),
    ...(isCompared ? { before: reports?.before ?? nothing } : {}),
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
    else await output.redraw((page) => metricsLines(report, page));
    await wait(WATCH_MS);
  }
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
