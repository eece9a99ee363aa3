import { STATUSES, type Status } from '../../../domain/execution.ts';
import { type LogFilter, listExecutions } from '../../../store/queries/queries.ts';
import { logLines } from '../../output/executions/log-table.ts';
import { withDatabase } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
  type LiveAnswer,
} from '../../words/command.ts';
import { invalidValue, parseAge, parseMoment, readWhole, usageError } from '../../words/values.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000_000;

/** How many earlier executions `--follow` shows first. */
const FOLLOW_LIMIT = 10;
const MAX_FOLLOW_LIMIT = 10_000;

export const logsCommand: Command = {
  name: 'logs',
  summary: 'List recent executions',
  usage: '[options]',
  about: [
    'Lists recorded executions, newest first: start time, hook, event, tool, status, exit code or signal, duration, and the overhead of hookbus. The line below a failed or blocked execution shows its error or reason.',
    'Times are local. An execution must match every kind of filter that you give.',
    'With --follow, shows the latest executions and then each new one when it is recorded, until Ctrl-C. This needs the daemon, and starts it if none runs.',
  ],
  options: {
    hook: { value: 'NAME', describe: 'only this hook; repeatable', isRepeatable: true },
    event: {
      value: 'EVENT',
      describe: 'only this event, such as PreToolUse; repeatable',
      isRepeatable: true,
    },
    status: {
      value: 'STATUS',
      describe: `only this status: ${STATUSES.join(', ')}; separate several by commas`,
      isRepeatable: true,
    },
    session: {
      value: 'ID',
      describe: 'only this session: its id or the beginning of it; repeatable',
      isRepeatable: true,
    },
    since: {
      value: 'WHEN',
      describe:
        'only executions that started since then: 90s, 30m, 2h, 7d or 4w ago, a date (2026-11-22), or a date and time (2026-11-22T14:30), local unless it has a time zone',
      default: 'everything',
    },
    limit: {
      value: 'N',
      describe: 'the maximum number of executions',
      default: `${DEFAULT_LIMIT}; with --follow, ${FOLLOW_LIMIT} earlier ones`,
    },
    follow: { describe: 'show new executions as they come; with --json, one object per line' },
  },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus logs --status error,timeout --since 2h', 'what failed in the last two hours'],
    [
      'hookbus logs --hook guard_rm --event PreToolUse --limit 10',
      'the last ten executions of one hook on one event',
    ],
    ['hookbus logs --follow --status error,timeout,blocked', 'failures and refusals, live'],
    ["hookbus logs --json | jq '.[].duration_ms'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer | LiveAnswer> {
  if (given.isOn('follow')) return follow(given, context);
  const limit = given.value('limit');
  const filter = {
    ...readFilter(given, context.now()),
    limit: limit === undefined ? DEFAULT_LIMIT : readWhole('--limit', limit, 1, MAX_LIMIT),
  };
  const rows = (await withDatabase(context, (db) => listExecutions(db, filter))) ?? [];
  return {
    json: rows,
    lines: (page) => (rows.length > 0 ? logLines(rows, page) : [nothingFound(filter)]),
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
  const filter = readFilter(given, context.now());
  for (const values of Object.values(filter)) {
    if (values !== undefined && typeof values !== 'string' && values.length > MAX_FOLLOW_VALUES)
      throw usageError(`--follow takes at most ${MAX_FOLLOW_VALUES} values of one option`);
  }
  return followLogs({ ...filter, latest }, given.isOn('json'), context);
}

function readFilter(given: Given, nowMs: number): Omit<LogFilter, 'limit'> {
  const since = given.value('since');
  return {
    hookNames: given.values('hook'),
    eventTypes: given.values('event'),
    sessions: given.values('session'),
    statuses: given.values('status').flatMap((words) => words.split(',').map(readStatusWord)),
    since: since === undefined ? undefined : readSince(since, nowMs),
  };
}

function readStatusWord(word: string): Status {
  const status = STATUSES.find((candidate) => candidate === word.trim().toLowerCase());
  if (status === undefined) throw invalidValue('--status', `one of ${STATUSES.join(', ')}`, word);
  return status;
}

function readSince(text: string, nowMs: number): string {
  const ageMs = parseAge(text);
  const ms = ageMs === undefined ? parseMoment(text) : nowMs - ageMs;
  if (ms === undefined) {
    throw invalidValue(
      '--since',
      'an age such as 30m, 2h or 7d, or a date such as 2026-11-22',
      text,
    );
  }
  return new Date(ms).toISOString();
}

function nothingFound({ limit: _, ...filter }: LogFilter): string {
  const isFiltered = Object.values(filter).some((value) => value !== undefined && value.length > 0);
  return isFiltered
    ? 'No recorded execution matches.'
    : 'No execution is recorded yet. `hookbus status` shows whether recording is on.';
}
