import { type LogFilter, listExecutions } from '../../../store/queries/queries.ts';
import { logLines } from '../../output/executions/log-table.ts';
import { visible } from '../../output/text.ts';
import { withDatabase } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
  type LiveAnswer,
} from '../../words/command.ts';
import { FILTERS, readFilter } from '../../words/filters.ts';
import { NOTHING_RECORDED, unmatchedNames } from '../../words/unmatched.ts';
import { readWhole, usageError } from '../../words/values.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000_000;

/** How many earlier executions `--follow` shows first. */
const FOLLOW_LIMIT = 10;
const MAX_FOLLOW_LIMIT = 10_000;

export const logsCommand: Command = {
  name: 'logs',
  summary: 'List recent executions',
  isPaged: true,
  usage: '[options]',
  about: [
    'Lists recorded executions, newest first: start time, hook, event, tool, status, decision, exit code or signal, duration, and the overhead of hookbus. The line below an execution that failed or decided something shows its error or reason. A decision is what the hook answered its agent; ? means that HookBus cannot tell.',
    'Times are local. An execution must match every kind of filter that you give.',
    'With --follow, shows the latest executions and then each new one when it is recorded, until Ctrl-C. This needs the daemon, and starts it if none runs.',
  ],
  options: {
    ...FILTERS,
    limit: {
      value: 'N',
      short: 'n',
      describe: 'the maximum number of executions',
      default: `${DEFAULT_LIMIT}; with --follow, ${FOLLOW_LIMIT} earlier ones`,
    },
    follow: {
      short: 'f',
      describe: 'show new executions as they come; with --json, one object per line',
    },
  },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus logs --failed --since 2h', 'what failed in the last two hours'],
    ['hookbus logs --hook guard_rm --tool Bash -n 10', 'one hook, its last ten shell commands'],
    ['hookbus logs --here --decision deny,ask', 'what hooks refused or asked in this project'],
    ['hookbus logs -f --decision deny', 'refusals, live'],
    ["hookbus logs --json | jq '.[].duration_ms'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer | LiveAnswer> {
  if (given.isOn('follow')) return follow(given, context);
  const limit = given.value('limit');
  const filter = {
    ...(await readFilter(given, context)),
    limit: limit === undefined ? DEFAULT_LIMIT : readWhole('--limit', limit, 1, MAX_LIMIT),
  };
  const found = await withDatabase(context, (db) => {
    const rows = listExecutions(db, filter);
    return { rows, unmatched: rows.length > 0 ? [] : unmatchedNames(db, filter) };
  });
  const { rows, unmatched } = found ?? { rows: [], unmatched: [] };
  return {
    json: rows,
    lines: (page) => {
      if (rows.length > 0) return logLines(rows, page);
      return unmatched.length > 0 ? unmatched : [nothingFound(filter)];
    },
  };
}

async function follow(given: Given, context: Context): Promise<LiveAnswer> {
  const [{ followLogs }, { MAX_FOLLOW_VALUES }] = await Promise.all([
    import('../../terminal/follow-logs.ts'),
    import('../../../protocol/follow.ts'),
  ]);
  const limit = given.value('limit');
  const latest =
    limit === undefined ? FOLLOW_LIMIT : readWhole('--limit', limit, 0, MAX_FOLLOW_LIMIT);
  if (given.value('until') !== undefined)
    throw usageError('--follow and --until cannot be used together');
  const { until: _, ...filter } = await readFilter(given, context);
  for (const values of Object.values(filter)) {
    if (values !== undefined && typeof values !== 'string' && values.length > MAX_FOLLOW_VALUES)
      throw usageError(`--follow takes at most ${MAX_FOLLOW_VALUES} values of one option`);
  }
  return followLogs({ ...filter, latest }, given.isOn('json'), context);
}

function nothingFound({ limit: _, ...filter }: LogFilter): string {
  const [project] = filter.projects;
  if (project !== undefined) return `No recorded execution of ${visible(project)} matches.`;
  const isFiltered = Object.values(filter).some((value) => value !== undefined && value.length > 0);
  return isFiltered ? 'No recorded execution matches.' : NOTHING_RECORDED;
}
