import type { Payload } from '../../../app/reading/find-execution.ts';
import { HookbusError } from '../../../domain/errors.ts';
import { listReplays } from '../../../store/replays.ts';
import { executionLines } from '../../output/executions/execution.ts';
import { payloadJson } from '../../output/executions/payload.ts';
import { replayRowJson } from '../../output/executions/replay-row.ts';
import { withDatabase } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
} from '../../words/command.ts';
import { ID_FORMAT, invalidValue, usageError } from '../../words/values.ts';

/** The latest replays are enough to check an edit of the hook. */
const MAX_REPLAYS = 20;

export const showCommand: Command = {
  name: 'show',
  summary: 'Show one execution in full',
  isPaged: true,
  usage: 'ID [options]',
  about: [
    'Shows every field of one execution, and its payloads if they are stored. JSON is indented, binary data is shown as a hex dump, and control characters are escaped.',
  ],
  argument: {
    name: 'ID',
    describe:
      'the number that `hookbus logs` shows, an execution id, or at least its first 6 characters',
  },
  options: {},
  exitCodes: [
    EXIT_CODES[0],
    ['1', 'there is no such execution, several match, or the database cannot be used'],
  ],
  examples: [
    ['hookbus show 142', 'the execution with this number'],
    ["hookbus show 142 --json | jq -r '.payloads.stdin.text'", 'what the hook read on stdin'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const id = given.argument;
  if (id === undefined)
    throw usageError('missing argument ID; `hookbus logs` lists the executions');
  const [{ findExecution, findPayloads, parseReference }, { ignoredIn }, { listNotices }] =
    await Promise.all([
      import('../../../app/reading/find-execution.ts'),
      import('../../../app/health/ignored-answers.ts'),
      import('../../../store/queries/overview.ts'),
    ]);
  const reference = parseReference(id);
  if (reference === undefined) {
    throw invalidValue('ID', ID_FORMAT, id);
  }
  const found = await withDatabase(context, (db) => {
    const row = findExecution(db, reference);
    const replays = listReplays(db, row.id, MAX_REPLAYS);
    const ignored = ignoredIn(listNotices(db), row) ?? null;
    return { row, payloads: findPayloads(db, row.id), replays, ignored };
  });
  if (found === undefined) {
    throw new HookbusError('E_NOT_FOUND', 'no execution is recorded yet');
  }
  const { row, payloads, replays, ignored } = found;
  return {
    json: { ...row, ignored, payloads: byStream(payloads), replays: replays.map(replayRowJson) },
    lines: (page) => executionLines(row, payloads, replays, page, ignored),
  };
}

function byStream(payloads: readonly Payload[]): Record<LogStream, unknown> {
  const of = (stream: LogStream): unknown => {
    const payload = payloads.find((candidate) => candidate.stream === stream);
    return payload === undefined ? null : payloadJson(payload);
  };
  return { stdin: of('stdin'), stdout: of('stdout'), stderr: of('stderr') };
}

type LogStream = Payload['stream'];
