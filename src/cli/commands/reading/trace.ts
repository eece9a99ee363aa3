import { HookbusError } from '../../../domain/errors.ts';
import { placeInTime, traceLines } from '../../output/executions/trace.ts';
import { withDatabase } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
} from '../../words/command.ts';
import { invalidValue, readWhole, usageError } from '../../words/values.ts';

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 100_000;

export const traceCommand: Command = {
  name: 'trace',
  summary: 'Show related executions as a timeline',
  isPaged: true,
  usage: 'ID [options]',
  about: [
    'Shows all executions with one cause, such as those before and after one tool call, or all of one session. Each row shows when the execution started after the first one, and a bar for how long it took. Bars that share columns ran at the same time. A dot marks an execution that did not run, or whose end was not recorded.',
    'HookBus looks ID up as an execution, then as a correlation id, then as a session id.',
  ],
  argument: {
    name: 'ID',
    describe:
      'the number that `hookbus logs` shows, an execution id, a correlation id, a session id, or at least the first 6 characters of an id',
  },
  options: {
    session: {
      describe: 'show a whole session: ID is its id, or that of one of its executions',
    },
    limit: {
      value: 'N',
      describe: 'the maximum number of executions; shows the latest',
      default: String(DEFAULT_LIMIT),
    },
  },
  exitCodes: [
    EXIT_CODES[0],
    ['1', 'no execution or session has that id, several have it, or the database cannot be used'],
  ],
  examples: [
    ['hookbus trace 142', 'every execution with the same cause'],
    ['hookbus trace --session 7d3f0c52', 'a session, as `hookbus sessions` lists it'],
    ['hookbus trace 142 --session --limit 1000', 'every execution of the session of one'],
    ["hookbus trace 142 --json | jq '.executions[].offset_ms'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const id = given.argument;
  const wholeSession = given.isOn('session');
  if (id === undefined)
    throw usageError(
      wholeSession
        ? 'missing argument ID; `hookbus sessions` lists the sessions'
        : 'missing argument ID; `hookbus logs` lists the executions',
    );
  if (id.trim() === '') throw invalidValue('ID', 'an id', id);
  const limit = readWhole('--limit', given.value('limit') ?? String(DEFAULT_LIMIT), 1, MAX_LIMIT);
  const { findTrace } = await import('../../../app/reading/find-trace.ts');
  const trace = await withDatabase(context, (db) => findTrace(db, id, { wholeSession, limit }));
  if (trace === undefined) {
    throw new HookbusError('E_NOT_FOUND', 'no execution is recorded yet');
  }
  return {
    json: {
      by: trace.by,
      id: trace.id,
      count: trace.count,
      left_out: trace.count - trace.rows.length,
      executions: placeInTime(trace.rows).map(({ row, startMs }) => ({
        ...row,
        offset_ms: startMs,
      })),
    },
    lines: (page) => traceLines(trace, page),
  };
}
