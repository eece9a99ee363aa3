import { createMetrics } from '../../metrics/report.ts';
import { type Answer, type Command, type Context, EXIT_CODES, type Given } from '../command.ts';
import { metricsLines } from '../output/metrics.ts';
import { MOST_HOURS, readHours } from '../values.ts';
import { withStore } from '../with-store.ts';

const DEFAULT_HOURS = '24';

export const metricsCommand: Command = {
  name: 'metrics',
  summary: 'Show how often hooks fail and how long they take',
  usage: '[HOURS] [options]',
  about: [
    'For every hook and event of the last HOURS: how its executions ended, and the times it took. The percentiles are exact, by nearest rank over every execution; the hook that took most time in all comes first.',
    'Beneath, what hookbus itself added, and the failure rate, against their targets. A figure is ok, above target, or an alert.',
  ],
  argument: {
    name: 'HOURS',
    describe: `how far to look back, above 0 and at most ${MOST_HOURS}; fractions allowed`,
    default: DEFAULT_HOURS,
  },
  options: {},
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus metrics', 'the last 24 hours'],
    ['hookbus metrics 0.5', 'the last half hour'],
    ["hookbus metrics 168 --json | jq '.overhead.p95_ms'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const hours = readHours(given.argument ?? DEFAULT_HOURS);
  const { readMetrics } = await import('../../bus/read-metrics.ts');
  const report =
    (await withStore(context, (db) => readMetrics(db, hours, context.now()))) ??
    createMetrics().report(hours);
  return { json: report, lines: (page) => metricsLines(report, page) };
}
