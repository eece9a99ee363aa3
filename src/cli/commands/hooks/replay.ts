import type { ReplayChoice } from '../../terminal/replay-work.ts';
import type { Answer, Command, CommandOption, Context, Given } from '../../words/command.ts';
import { FILTERS, readFilter } from '../../words/filters.ts';
import { readSeconds, readWhole, usageError } from '../../words/values.ts';

const DEFAULT_LAST = 50;
const MAX_LAST = 10_000;

/** The default timeout of Claude Code for many versions. */
const DEFAULT_TIMEOUT_SECONDS = 60;

export const TIMEOUT_OPTION: CommandOption = {
  value: 'SECONDS',
  describe: 'stop each hook after SECONDS; fractions allowed',
  default: String(DEFAULT_TIMEOUT_SECONDS),
};

/** The filters of `hookbus logs` that choose among the executions of one hook. */
const CHOSEN = [
  'event',
  'tool',
  'status',
  'failed',
  'decision',
  'session',
  'since',
  'until',
] as const;

const withHook = (names: typeof CHOSEN): Readonly<Record<string, CommandOption>> =>
  Object.fromEntries(
    names.map((name) => {
      const { describe, ...option } = FILTERS[name];
      return [name, { ...option, describe: `with --hook: ${describe}` }];
    }),
  );

export const replayCommand: Command = {
  name: 'replay',
  summary: 'Run recorded calls again with the current hook',
  usage: 'ID... [options] [-- COMMAND [ARG...]]',
  about: [
    'Runs the recorded command again, or COMMAND instead, with the stored payload and in the recorded directory. Then compares decision, status, exit code, signal, stdout, stderr and time; it says first where a hook no longer refuses. The agent would act differently if one of these changed: decision, exit status, stdout (JSON is compared by content), or, when the hook blocks, the reason on stderr. Other differences, such as time, are shown but do not count.',
    'With --hook, replay skips executions of other work trees. At a terminal it lists each command with its directory and asks first. It tells you if a script is another one than then, with both digests.',
    'The hook really runs, with all its side effects. It gets the environment of this shell with the recorded variables of the agent, such as CLAUDE_PROJECT_DIR, with HOOKBUS_CORRELATION_ID and TRACEPARENT as in an execution, and with HOOKBUS_ENABLED=0. Replays are recorded in their own table and count nowhere else; `hookbus show` lists them.',
    'Replay needs a complete stored payload (HOOKBUS_STORE_RAW=1). It tells you if secrets were redacted from the payload, because the hook then gets other bytes than the first time.',
  ],
  argument: {
    name: 'ID',
    describe:
      'the number that `hookbus logs` shows, an execution id, or at least its first 6 characters; repeatable',
    isRepeatable: true,
  },
  passthrough: {
    name: 'COMMAND',
    describe: 'run this command instead, in the recorded directory',
    default: 'the recorded command, with /bin/sh',
  },
  options: {
    hook: {
      value: 'NAME',
      describe:
        'replay the latest executions of this hook in this work tree that have a stored payload',
    },
    everywhere: { describe: 'with --hook: also executions of other work trees' },
    yes: { describe: 'with --hook: do not ask first' },
    last: {
      value: 'N',
      describe: 'with --hook: how many executions',
      default: String(DEFAULT_LAST),
    },
    ...withHook(CHOSEN),
    save: {
      value: 'DIR',
      describe: 'run nothing; write each execution as a case for `hookbus test` to DIR',
    },
    timeout: TIMEOUT_OPTION,
  },
  exitCodes: [
    ['0', 'the agent would act the same'],
    [
      '1',
      'the agent would act differently, an ID could not be replayed, or an argument is invalid',
    ],
  ],
  examples: [
    ['hookbus replay 142', 'the same call with the current hook'],
    ['hookbus replay 142 -- python3 guard_v2.py', 'the same call with another hook'],
    ['hookbus replay --hook guard_rm --since 7d', 'what your edit of the hook would have changed'],
    ['hookbus replay --hook guard_rm --decision deny', 'does it still refuse what it refused?'],
    [
      'hookbus replay 142 --save .hookbus/cases',
      'keep this call as a case: its payload without secrets, and the decision',
    ],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const choice = await readChoice(given, context);
  const timeoutSeconds = readTimeout(given.value('timeout'));
  const argv = given.passthrough;
  if (argv?.length === 0) throw usageError('no command after --');
  const directory = given.value('save');
  if (directory !== undefined) {
    if (argv !== undefined)
      throw usageError('--save runs nothing, so it takes no command after --');
    const { saveCases } = await import('../../terminal/save-work.ts');
    return saveCases(choice, directory, context);
  }
  const { replay } = await import('../../terminal/replay-work.ts');
  return replay({ choice, argv, timeoutSeconds }, context);
}

async function readChoice(given: Given, context: Context): Promise<ReplayChoice> {
  const { ask } = context;
  const ids = [given.argument ?? [], given.moreArguments].flat();
  const hookName = given.value('hook');
  if (hookName === undefined) {
    const misplaced =
      ['last', ...CHOSEN].find((option) => given.values(option).length > 0) ??
      ['everywhere', 'yes', 'failed'].find((option) => given.isOn(option));
    if (misplaced !== undefined) throw usageError(`--${misplaced} needs --hook`);
    if (ids.length === 0)
      throw usageError('missing argument ID (or --hook NAME); `hookbus logs` lists the executions');
    return { by: 'id', ids };
  }
  if (ids.length > 0) throw usageError('IDs and --hook cannot be used together');
  const last = readWhole('--last', given.value('last') ?? String(DEFAULT_LAST), 1, MAX_LAST);
  const isEverywhere = given.isOn('everywhere');
  const mayAsk = ask !== undefined && !given.isOn('json');
  // Anyone may have changed a script outside this work tree since.
  if (isEverywhere && !mayAsk && !given.isOn('yes')) {
    throw usageError('--everywhere needs --yes, because there is no terminal to ask at');
  }
  const asks = mayAsk && !given.isOn('yes');
  const filter = { ...(await readFilter(given, context)), hookNames: [hookName] };
  return { by: 'hook', hookName, filter, last, isEverywhere, asks };
}

/** @throws HookbusError `E_USAGE` */
export const readTimeout = (text = String(DEFAULT_TIMEOUT_SECONDS)): number =>
  readSeconds('--timeout', text);
