import { setTimeout as wait } from 'node:timers/promises';
import { createMetrics, GROUPINGS, type Grouping } from '../../../metrics/report.ts';
import { formatThings } from '../../output/format.ts';
import { type ComparedReport, metricsLines } from '../../output/metrics/metrics.ts';
import { withStore } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
  type LiveAnswer,
  type LiveOutput,
} from '../../words/command.ts';
import { expected, MAX_HOURS, readHours } from '../../words/values.ts';

const DEFAULT_HOURS = '24';

const REBUILD = 'rebuild';

const HOUR_MS = 3_600_000;

/** How often `--watch` looks, in ms. */
const WATCH_MS = 2000;

export const metricsCommand: Command = {
  name: 'metrics',
  summary: 'Show how often hooks fail and how long they take',
  usage: '[HOURS | rebuild] [options]',
  about: [
    'For every hook and event of the last HOURS: how its executions ended, and the times it took. The hook that took most time in all comes first. Percentiles are exact, by nearest rank over every execution; of more than 50,000 executions, and of times of which the executions are deleted, they come from rollups and are within 1 %.',
    'Beneath, the failure rate against its target: ok, above target, or an alert. And what hookbus itself added, as seen from inside. Its targets are for what the caller sees, which is more, so a figure below them is not called ok.',
    'rebuild makes the rollups anew from the executions that there are.',
  ],
  argument: {
    name: 'HOURS',
    describe: `how far to look back, above 0 and at most ${MAX_HOURS}; fractions allowed`,
    default: DEFAULT_HOURS,
  },
  options: {
    by: {
      value: 'WHAT',
      describe: 'put executions together by hook, event, tool, session or day',
      default: 'hook and event',
    },
    compare: { describe: 'beside it, the same of the window before' },
    watch: { describe: 'go on until you end it, with the figures of every 2 seconds in place' },
  },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus metrics', 'the last 24 hours'],
    ['hookbus metrics 0.5', 'the last half hour'],
    ['hookbus metrics 168 --compare', 'this week against the last'],
    ['hookbus metrics 720 --by day', 'how the last month went'],
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

interface Asked {
  readonly hours: number;
  readonly by: Grouping | undefined;
  readonly isCompared: boolean;
}

async function readReport(context: Context, { hours, by, isCompared }: Asked) {
  const { readMetrics } = await import('../../../app/reading/read-metrics.ts');
  const nowMs = context.now();
  const reports = await withStore(context, (db) => {
    const read = (endedMs: number) => readMetrics(db, hours, nowMs, { by, endedMs });
    return { now: read(0), before: isCompared ? read(hours * HOUR_MS) : undefined };
  });
  const nothing = createMetrics().report(hours);
  return {
    ...(reports?.now ?? nothing),
    ...(by === undefined ? {} : { by }),
    ...(isCompared ? { before: reports?.before ?? nothing } : {}),
  };
}

/** Until somebody ends it: on a terminal in place of what was there, else one after the other. */
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
  const by = GROUPINGS.find((word) => word === text);
  if (text !== undefined && by === undefined) {
    throw expected('--by', `one of ${GROUPINGS.join(', ')}`, text);
  }
  return by;
}

async function rebuild(context: Context): Promise<Answer> {
  const { rebuildRollups } = await import('../../../app/retention/roll-up.ts');
  const executions = (await withStore(context, rebuildRollups)) ?? 0;
  return {
    json: { executions },
    lines: () => [`The rollups are made anew, of ${formatThings(executions, 'execution')}.`],
  };
}
