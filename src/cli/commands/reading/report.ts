import { resolve } from 'node:path';
import type { CostReport } from '../../../app/reading/cost-report.ts';
import type { Asked } from '../../../app/reading/read-costs.ts';
import type { Database } from '../../../store/database.ts';
import { reportLines } from '../../output/metrics/report.ts';
import { withDatabase } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
} from '../../words/command.ts';
import { readHours, TIME_FORMS } from '../../words/time.ts';
import { invalidValue, usageError } from '../../words/values.ts';

const DEFAULT_TIME = '24h';

export const reportCommand: Command = {
  name: 'report',
  summary: 'Show what hooks cost: waiting time and context',
  isPaged: true,
  usage: '[TIME|--session ID] [options]',
  about: [
    "Shows how long agents waited for hooks (hooks that ran in parallel count once), how often each refused and what it added to the context. YOU'D SAVE is how much sooner agents would have continued without that hook: start with the largest value.",
    'docs/report.md explains how each figure is computed, and what it assumes.',
  ],
  argument: {
    name: 'TIME',
    describe: `how far to look back: ${TIME_FORMS}`,
    default: DEFAULT_TIME,
  },
  options: {
    session: { value: 'ID', describe: 'one session: its id or the beginning of it' },
    html: {
      value: 'FILE',
      describe: 'write a self-contained HTML file',
    },
    force: { describe: 'let --html replace an existing file' },
    all: { describe: 'show every row of each table' },
  },
  exitCodes: [
    EXIT_CODES[0],
    [
      '1',
      'there is no such session, a value is invalid, the database cannot be used, or the file exists',
    ],
  ],
  examples: [
    ['hookbus report', 'the last 24 hours'],
    ['hookbus report --session 7d3f0c52', 'one session'],
    ['hookbus report 7d --html week.html', 'the last week, for a browser'],
    ["hookbus report --json | jq '.blocked_ms'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const session = given.value('session');
  const file = given.value('html');
  if (session !== undefined && given.argument !== undefined) {
    throw usageError('TIME and --session cannot be used together');
  }
  if (session === '') throw invalidValue('--session', 'the id of a session', session);
  if (file === '') throw invalidValue('--html', 'the name of a file', file);
  if (given.isOn('force') && file === undefined) {
    throw usageError('--force needs --html');
  }
  const query =
    session === undefined
      ? { hours: readHours(given.argument ?? DEFAULT_TIME, context.now()) }
      : { session };
  if (file !== undefined) return writeHtml(query, file, given.isOn('force'), context);
  const { report } = await readReport(query, context);
  const isWhole = given.isOn('all');
  return { json: report, lines: (page) => reportLines(report, page, isWhole) };
}

/** @param read what else to read of the database */
async function readReport<T>(
  query: Asked,
  context: Context,
  read: (db: Database, report: CostReport) => T | undefined = () => undefined,
): Promise<{ readonly report: CostReport; readonly more: T | undefined }> {
  const [{ noCosts, readCosts }, { withSpan }] = await Promise.all([
    import('../../../app/reading/read-costs.ts'),
    import('../../../app/reading/report/report-span.ts'),
  ]);
  const { settings } = context;
  const nowMs = context.now();
  const found = await withDatabase(context, (db) => {
    const report = withSpan(db, readCosts(db, query, nowMs), { settings, nowMs });
    return { report, more: read(db, report) };
  });
  return found ?? { report: { ...noCosts(query), covered: null }, more: undefined };
}

async function writeHtml(
  query: Asked,
  file: string,
  isForced: boolean,
  context: Context,
): Promise<Answer> {
  const [{ readDetails }, { reportHtml }, { writeNewFile }] = await Promise.all([
    import('../../../app/reading/report/read-details.ts'),
    import('../../output/metrics/report-html.ts'),
    import('../../terminal/write-file.ts'),
  ]);
  const nowMs = context.now();
  const { report, more } = await readReport(query, context, (db, costs) =>
    readDetails(db, costs, nowMs),
  );
  const html = reportHtml(report, more, nowMs);
  const path = writeNewFile(resolve(context.cwd(), file), html, isForced);
  return { json: report, lines: () => [`Written to ${path}`] };
}
