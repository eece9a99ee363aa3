import { reportLines } from '../../output/metrics/report.ts';
import { withStore } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
} from '../../words/command.ts';
import { expected, MAX_HOURS, readHours, usageError } from '../../words/values.ts';

const DEFAULT_HOURS = '24';

export const reportCommand: Command = {
  name: 'report',
  summary: 'Show what hooks cost: time waited for, context filled',
  usage: '[HOURS|--session ID] [options]',
  about: [
    'How long agents waited for hooks, where what ran at the same time counts once; which hook ended last for each tool call, so that the agent waited for it; what each hook put into the context; and a timeout for each, from its P99.',
    'docs/report.md says how each figure is come by, and what is assumed.',
  ],
  argument: {
    name: 'HOURS',
    describe: `how far to look back, above 0 and at most ${MAX_HOURS}; fractions allowed`,
    default: DEFAULT_HOURS,
  },
  options: {
    session: { value: 'ID', describe: 'one session, by its id or how that begins' },
    html: {
      value: 'FILE',
      describe: 'write it to a file, for a browser; it loads nothing from elsewhere',
    },
    force: { describe: 'let --html replace a file that is there' },
  },
  exitCodes: [
    EXIT_CODES[0],
    ['1', 'there is no such session, a value or the database cannot be used, or the file is there'],
  ],
  examples: [
    ['hookbus report', 'the last 24 hours'],
    ['hookbus report --session 7d3f0c52', 'one session'],
    ['hookbus report 168 --html week.html', 'the last week, for a browser'],
    ["hookbus report --json | jq '.blocked_ms'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const session = given.value('session');
  const file = given.value('html');
  if (session !== undefined && given.argument !== undefined) {
    throw usageError('expected HOURS or --session, got both');
  }
  if (session === '') throw expected('--session', 'the id of a session', session);
  if (file === '') throw expected('--html', 'the name of a file', file);
  if (given.isOn('force') && file === undefined) {
    throw usageError('expected --html with --force, got --force alone');
  }
  const asked =
    session === undefined ? { hours: readHours(given.argument ?? DEFAULT_HOURS) } : { session };
  const { noCosts, readCosts } = await import('../../../app/reading/read-costs.ts');
  const report =
    (await withStore(context, (db) => readCosts(db, asked, context.now()))) ?? noCosts(asked);
  if (file === undefined) return { json: report, lines: (page) => reportLines(report, page) };
  const [{ reportHtml }, { writeNewFile }] = await Promise.all([
    import('../../output/metrics/report-html.ts'),
    import('../../terminal/write-file.ts'),
  ]);
  const path = writeNewFile(file, reportHtml(report, context.now()), given.isOn('force'));
  return { json: report, lines: () => [`Written to ${path}`] };
}
