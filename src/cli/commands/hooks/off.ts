import type { OffPlan } from '../../../app/breaker/switch-hook.ts';
import { HookbusError } from '../../../domain/errors.ts';
import { redactText } from '../../../redaction/redaction.ts';
import { formatMoment } from '../../output/format.ts';
import { visible } from '../../output/text.ts';
import { askAtTerminal, isAtTerminal } from '../../terminal/confirm.ts';
import type { Answer, Command, CommandOption, Context, Given } from '../../words/command.ts';
import { readHookChoice, requireHook, unknownHook } from '../../words/hook-word.ts';
import { expected, parseAge, quote } from '../../words/values.ts';

export const GATE_EXIT_CODES = [
  ['0', 'done'],
  [
    '1',
    'nothing was changed: an option or a value cannot be used, it is not clear which hook is meant, nobody said yes, root protects the hook, or the state directory cannot be written',
  ],
] as const;

/** Of several hooks with one name. */
export const CHOICE_OPTIONS: Readonly<Record<string, CommandOption>> = {
  command: {
    value: 'LINE',
    describe:
      'the hook with this command line, as `hookbus show` has it, with its secrets in place',
    default: 'the one of that name; of several, those that ran in this work tree',
  },
  all: { describe: 'every hook of that name that is on record' },
};

const HOUR_MS = 3_600_000;
const MAX_OFF_MS = 7 * 24 * HOUR_MS;

export const offCommand: Command = {
  name: 'off',
  opposite: 'on',
  summary: 'Skip a hook for a while and run it again, without an edit',
  usage: 'HOOK [options]',
  about: [
    'Until the time that it prints, the hook is not run: its agent gets no output and exit code 0, and the execution is on record as breaker_skip with the error `off`. `hookbus on` ends it before that; `hookbus status` shows what is off.',
    'It goes by the name and the command line, so another hook of the same name still runs. It counts for every agent and session that records here, at once. Where HOOKBUS_ENABLED is off, the hook runs all the same.',
    'Of a hook that refused something, that answered in JSON, or that runs on an event on which a hook can block, `off` says what nobody will refuse meanwhile, and asks; so too where nothing is on record of it. Where nobody can be asked it wants --yes. A hook that root protects in /etc/hookbus/policy.json stays on, and so does every hook where there is a database that cannot be used, since nobody could be told what was skipped.',
  ],
  argument: { name: 'HOOK', describe: 'the name of the hook, as `hookbus logs` shows it' },
  options: {
    for: { value: 'TIME', describe: 'for so long: 30s, 15m, 1h, at most 7d', default: '1h' },
    ...CHOICE_OPTIONS,
    yes: { describe: 'do not ask' },
  },
  exitCodes: GATE_EXIT_CODES,
  examples: [
    ['hookbus off lint', 'no lint for an hour'],
    ['hookbus off guard_rm --for 15m --yes', 'a guard, from a script'],
    ["hookbus off guard --command 'python3 .claude/hooks/guard.py'", 'one of two called guard'],
  ],
  perform,
};

async function perform(given: Given, { settings, now }: Context): Promise<Answer> {
  const hookName = requireHook(given);
  const forMs = readFor(given.value('for'));
  const choice = readHookChoice(given, hookName);
  const [{ lockForCommand, readForCommand, planOff, switchOff }, { requirePaths }] =
    await Promise.all([
      import('../../../app/breaker/switch-hook.ts'),
      import('../../../app/store/open-for-command.ts'),
    ]);
  const paths = requirePaths(settings);
  const plan = planOff(choice, now(), readForCommand(paths, now));
  if (plan.meaning.isGuard && !given.isOn('yes')) await requireYes(given, plan);
  const until = new Date(Math.ceil(now() + forMs));
  switchOff(paths, plan.hooks, until.getTime(), lockForCommand(paths, now));
  const { meaning, known } = plan;
  const commands = plan.hooks.map(({ command }) => redactText(command));
  return {
    json: {
      hook_name: hookName,
      commands,
      state: 'off',
      until: until.toISOString(),
      on_record: known?.includes(hookName) ?? null,
      can_refuse: meaning.isGuard,
      refused_last_24_hours: meaning.refusedLastDay,
    },
    lines: () => [
      `${quote(hookName)} is off until ${formatMoment(until)}.`,
      ...(commands.length === 1 ? [] : commands.map((command) => `  ${visible(command)}`)),
      ...(meaning.isGuard ? [visible(meaning.text)] : []),
      ...unknownHook(hookName, known),
    ],
  };
}

/** @throws HookbusError `E_CONFIRM` where nobody says yes */
async function requireYes(given: Given, { meaning, hooks }: OffPlan): Promise<void> {
  const text = visible(meaning.text);
  if (!isAtTerminal() || given.isOn('json')) {
    throw new HookbusError(
      'E_CONFIRM',
      `${text} Nothing was changed: expected --yes where nobody can be asked`,
    );
  }
  const lines = hooks.map(({ command }) => `  ${visible(redactText(command))}\n`).join('');
  if (await askAtTerminal(`${lines}${text}\nSwitch it off? [y/N] `, false)) return;
  throw new HookbusError('E_CONFIRM', 'nothing was changed');
}

function readFor(text: string | undefined): number {
  if (text === undefined) return HOUR_MS;
  const ms = parseAge(text);
  if (ms !== undefined && ms > 0 && ms <= MAX_OFF_MS) return ms;
  throw expected('--for', 'a time above 0 such as 30m, 2h or 7d, at most 7d', text);
}
