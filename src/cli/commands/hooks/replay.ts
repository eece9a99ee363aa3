import { isAtTerminal } from '../../terminal/confirm.ts';
import type { ReplayChoice } from '../../terminal/replay-work.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { expected, readWhole, usageError } from '../../words/values.ts';

const DEFAULT_LAST = 50;
const MAX_LAST = 10_000;

/** What Claude Code long gave a hook by default. */
const DEFAULT_TIMEOUT_SECONDS = 60;
const MAX_TIMEOUT_SECONDS = 86_400;

export const replayCommand: Command = {
  name: 'replay',
  summary: 'Run recorded calls again, on the hook as it is now',
  usage: 'ID... [options] [-- COMMAND [ARG...]]',
  about: [
    'Runs the recorded command once more, or COMMAND in its place, on the payload that is stored of it, in the directory that it ran in, and compares: status, exit code, signal, stdout, stderr, time. It changed its mind where an agent would have acted otherwise: by how it ended, by stdout, where that is JSON by what it says, and where it blocks also by stderr. Time and other differences are only told.',
    'With --hook, commands that were recorded in other work trees stay where they are, and at a terminal you see each command with its directory and are asked. Where the script was written after it ran, that is said: it is not what ran then.',
    'The hook really runs, with all that it does. Its environment is that of this shell, with HOOKBUS_CORRELATION_ID and TRACEPARENT as in a run, and HOOKBUS_ENABLED=0. Replays are on record in a table of their own and count nowhere else; `hookbus show` has them.',
    'It needs a stored payload that is whole (HOOKBUS_STORE_RAW=1). Where secrets were taken out of it, that is said: the hook is then given other bytes than the first time.',
  ],
  argument: {
    name: 'ID',
    describe:
      'the number that `hookbus logs` shows, or an execution id, or at least 6 characters of its beginning; several with blanks between',
    isRepeatable: true,
  },
  behindDashes: {
    name: 'COMMAND',
    describe: 'run this instead, from the recorded directory',
    default: 'the recorded command, by /bin/sh',
  },
  options: {
    hook: {
      value: 'NAME',
      describe:
        'instead of IDs: the latest executions of this hook that ran in this work tree, as far as payloads are stored',
    },
    everywhere: { describe: 'with --hook: also those of other work trees' },
    yes: { describe: 'with --hook: do not ask before the commands run' },
    last: {
      value: 'N',
      describe: 'with --hook: so many of them',
      default: String(DEFAULT_LAST),
    },
    event: {
      value: 'EVENT',
      describe: 'with --hook: only on this event; may be repeated',
      isRepeatable: true,
    },
    timeout: {
      value: 'SECONDS',
      describe: 'end each after so many seconds, fractions allowed',
      default: String(DEFAULT_TIMEOUT_SECONDS),
    },
  },
  exitCodes: [
    ['0', 'nothing changed its mind'],
    ['1', 'something did, or an ID could not be replayed; or as in other commands'],
  ],
  examples: [
    ['hookbus replay 142', 'the same call on the hook as it is now'],
    ['hookbus replay 142 -- python3 guard_v2.py', 'on another hook'],
    ['hookbus replay --hook guard_rm --last 50', 'what an edit of the hook would have changed'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const choice = readChoice(given);
  const timeoutSeconds = readTimeout(given.value('timeout'));
  const argv = given.behindDashes;
  if (argv?.length === 0) throw usageError('expected a command behind --, got none');
  const { replay } = await import('../../terminal/replay-work.ts');
  return replay({ choice, argv, timeoutSeconds }, context);
}

function readChoice(given: Given): ReplayChoice {
  const ids = [given.argument ?? [], given.further].flat();
  const hookName = given.value('hook');
  if (hookName === undefined) {
    const misplaced =
      ['last', 'event'].find((option) => given.values(option).length > 0) ??
      ['everywhere', 'yes'].find((option) => given.isOn(option));
    if (misplaced !== undefined) throw usageError(`expected --hook beside --${misplaced}`);
    if (ids.length === 0) throw usageError('expected the ID of an execution, or --hook; got none');
    return { by: 'id', ids };
  }
  if (ids.length > 0) throw usageError('expected IDs or --hook, got both');
  const last = readWhole('--last', given.value('last') ?? String(DEFAULT_LAST), 1, MAX_LAST);
  const isEverywhere = given.isOn('everywhere');
  const mayAsk = isAtTerminal() && !given.isOn('json');
  // What ran elsewhere may have been written by anybody since.
  if (isEverywhere && !mayAsk && !given.isOn('yes')) {
    throw usageError('expected --yes beside --everywhere where nobody can be asked');
  }
  const asks = mayAsk && !given.isOn('yes');
  return { by: 'hook', hookName, eventTypes: given.values('event'), last, isEverywhere, asks };
}

function readTimeout(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TIMEOUT_SECONDS;
  const seconds = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw expected('--timeout', `a number of seconds above 0, at most ${MAX_TIMEOUT_SECONDS}`, text);
}
