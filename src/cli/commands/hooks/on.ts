import { redactText } from '../../../redaction/redaction.ts';
import { withOpened } from '../../terminal/with-store.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { readHookChoice, requireHook, unknownHook } from '../../words/hook-word.ts';
import { quote } from '../../words/values.ts';
import { CHOICE_OPTIONS, GATE_EXIT_CODES } from './off.ts';

export const onCommand: Command = {
  name: 'on',
  isHidden: true,
  summary: 'Run a hook again that is off or whose breaker is open',
  usage: 'HOOK [options]',
  about: [
    'Undoes `hookbus off`, and closes the breaker of the hook if it is open. The breaker forgets past failures: it counts only executions that start from now on. Like `hookbus off`, it identifies a hook by its name and command line.',
  ],
  argument: { name: 'HOOK', describe: 'the name of the hook, as `hookbus status` shows it' },
  options: CHOICE_OPTIONS,
  exitCodes: GATE_EXIT_CODES,
  examples: [['hookbus on lint', 'run lint again']],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const { settings, now } = context;
  const hookName = requireHook(given);
  const [{ lockOfCommand, switchOn }, { listGateFiles }, { requirePaths }] = await Promise.all([
    import('../../../app/breaker/switch-hook.ts'),
    import('../../../gates/gate-writer.ts'),
    import('../../../app/store/open-store.ts'),
  ]);
  const paths = requirePaths(settings);
  const choice = readHookChoice(given, hookName, context);
  // Before the database is opened, which may remove the gate.
  const before = listGateFiles(paths.gates);
  const { was, hasClosedBreaker, commands, known, isUsable } = await withOpened(
    context,
    (opened) => ({
      ...switchOn(paths, choice, now, lockOfCommand(opened), before),
      isUsable: opened.problem === undefined,
    }),
  );
  // Without a database nothing is on record; of one that cannot be used, nobody knows.
  const unknown = unknownHook(hookName, known ?? (isUsable ? [] : undefined));
  return {
    json: {
      hook_name: hookName,
      commands: commands.map((command) => redactText(command)),
      state: 'on',
      was: was ?? 'on',
      closed_breaker: hasClosedBreaker || was === 'breaker',
      on_record: known?.includes(hookName) ?? null,
    },
    lines: () =>
      was === undefined && unknown.length > 0
        ? [`Nothing was changed. ${unknown.join(' ')}`]
        : [`${quote(hookName)} ${WORDS[was ?? 'on']}.`],
  };
}

const WORDS = {
  on: 'was already on',
  off: 'is on again',
  breaker: 'is on again; its breaker is closed',
} as const;
