import type { HookChoice } from '../../../app/breaker/hooks-of-name.ts';
import type { OffPlan } from '../../../app/breaker/switch-hook.ts';
import { HookbusError } from '../../../domain/errors.ts';

import { formatUntil } from '../../../format.ts';

import { redactText } from '../../../redaction/redaction.ts';
import { visible } from '../../output/text.ts';
import { askYesOrNo } from '../../terminal/confirm.ts';
import { withOpened } from '../../terminal/with-store.ts';
import type { Answer, Command, CommandOption, Context, Given } from '../../words/command.ts';
import { readHookChoice, requireHook, unknownHook } from '../../words/hook-word.ts';
import { readDuration, TIME_FORMS } from '../../words/time.ts';
import { quote } from '../../words/values.ts';

export const GATE_EXIT_CODES = [
  ['0', 'done'],
  [
    '1',
    'nothing was changed: an option or a value is invalid, several hooks match, you did not confirm, root protects the hook, or the state directory is not writable',
  ],
] as const;

/** Options that choose among several hooks with the same name. */
export const CHOICE_OPTIONS: Readonly<Record<string, CommandOption>> = {
  command: {
    value: 'LINE',
    describe: 'the hook with this command line, as `hookbus show` prints it, but with its secrets',
    default: 'the only hook with that name, or else those that ran in this work tree',
  },
  all: { describe: 'every recorded hook with that name' },
};

const MAX_OFF_DAYS = 7;
const DEFAULT_TIME = '1h';

export const offCommand: Command = {
  name: 'off',
  opposite: 'on',
  summary: 'Switch a hook off for a while, and on again',
  usage: 'HOOK [options]',
  about: [
    'Skips the hook until the time that it prints: the agent gets no output and exit code 0, and HookBus records the execution as breaker_skip with the error `off`. `hookbus on` switches it on earlier; `hookbus status` lists hooks that are off.',
    'A hook is identified by its name and command line, so another hook with the same name still runs. The switch takes effect at once, for every agent and session that records here. If HOOKBUS_ENABLED is off, the hook runs anyway.',
    'If the hook has refused a call, answers in JSON, runs on an event where a hook can block, or was never recorded, `off` says what will not be refused meanwhile and asks you to confirm; without a terminal it needs --yes. A hook that root protects in /etc/hookbus/policy.json stays on; if that file names any hook, so do runs without --name. So does every hook if the database cannot be used, because HookBus could not report what was skipped.',
  ],
  argument: { name: 'HOOK', describe: 'the name of the hook, as `hookbus logs` shows it' },
  options: {
    for: {
      value: 'TIME',
      describe: `how long, or until when, at most ${MAX_OFF_DAYS} days: ${TIME_FORMS}`,
      default: DEFAULT_TIME,
    },
    ...CHOICE_OPTIONS,
    yes: { describe: 'do not ask' },
  },
  exitCodes: GATE_EXIT_CODES,
  examples: [
    ['hookbus off lint', 'skip lint for an hour'],
    ['hookbus off guard_rm --for 15m --yes', 'skip a guard, from a script'],
    [
      "hookbus off guard --command 'python3 .claude/hooks/guard.py'",
      'one of two hooks named guard',
    ],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const { settings, now, env } = context;
  const hookName = requireHook(given);
  const forMs = readDuration('--for', given.value('for') ?? DEFAULT_TIME, now(), MAX_OFF_DAYS);
  const choice = readHookChoice(given, hookName, context);
  const [
    { lockOfCommand, readOfCommand, planOff, switchOff },
    { requirePaths },
    { listHookNames },
  ] = await Promise.all([
    import('../../../app/breaker/switch-hook.ts'),
    import('../../../app/store/open-store.ts'),
    import('../../../store/breakers.ts'),
  ]);
  const paths = requirePaths(settings);
  const { plan, until } = await withOpened(context, async (opened) => {
    const read = readOfCommand(opened);
    requireKnown(
      choice,
      read((db) => (db === undefined ? [] : listHookNames(db))),
    );
    const plan = planOff(choice, now(), read);
    if (plan.meaning.isGuard && !given.isOn('yes')) await requireYes(given, plan, context);
    const until = new Date(Math.ceil(now() + forMs));
    switchOff(paths, plan.hooks, until.getTime(), lockOfCommand(opened), env);
    return { plan, until };
  });
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
      `${quote(hookName)} is off until ${formatUntil(until, now())}.`,
      ...(commands.length === 1 ? [] : commands.map((command) => `  ${visible(command)}`)),
      ...(meaning.isGuard ? [visible(meaning.text)] : meaning.exceptions),
      ...unknownHook(hookName, known ?? []),
    ],
  };
}

/** @throws HookbusError `E_HOOK` if nothing says what the hook runs, with the name that may be meant */
function requireKnown({ hookName, command }: HookChoice, known: readonly string[]): void {
  const [said] = command === undefined ? unknownHook(hookName, known) : [];
  if (said === undefined) return;
  const message = `n${said.slice(1)}`.replace(/\.$/, '');
  throw new HookbusError('E_HOOK', message, 'If it never ran, add --command with its command line');
}

/** @throws HookbusError `E_CONFIRM` if the user does not say yes */
async function requireYes(
  given: Given,
  { meaning, hooks }: OffPlan,
  context: Context,
): Promise<void> {
  const text = visible(meaning.text);
  if (context.ask === undefined || given.isOn('json')) {
    throw new HookbusError(
      'E_CONFIRM',
      `${text} Nothing was changed; use --yes to switch it off without a question`,
    );
  }
  const lines = hooks.map(({ command }) => `  ${visible(redactText(command))}\n`).join('');
  if (await askYesOrNo(context, `${lines}${text}\nSwitch it off? [y/N] `, false)) return;
  throw new HookbusError('E_CONFIRM', 'not confirmed: nothing was changed');
}
