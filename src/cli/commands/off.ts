import type { Answer, Command, Context, Given } from '../command.ts';
import { requireHook, unknownHook } from '../hook-word.ts';
import { formatMoment } from '../output/format.ts';
import { expected, parseAge, quote } from '../values.ts';

export const GATE_EXIT_CODES = [
  ['0', 'done'],
  ['1', 'an option or a value cannot be used, or the state directory cannot be written'],
] as const;

export const offCommand: Command = {
  name: 'off',
  opposite: 'on',
  summary: 'Leave a hook out and run it again, without an edit',
  usage: 'HOOK [options]',
  about: [
    'From now on the hook is not run: its agent gets no output and exit code 0, and the execution is on record as breaker_skip with the error `off`. A hook that blocks something does not block it meanwhile.',
    'It counts for every agent and session that records here, at once. `hookbus on` ends it; `hookbus status` shows what is off. Where HOOKBUS_ENABLED is off, the hook runs all the same.',
  ],
  argument: { name: 'HOOK', describe: 'the name of the hook, as `hookbus logs` shows it' },
  options: {
    for: {
      value: 'TIME',
      describe: 'for so long: 30s, 15m, 1h, 2d or 1w',
      default: 'until `hookbus on`',
    },
  },
  exitCodes: GATE_EXIT_CODES,
  examples: [
    ['hookbus off lint --for 1h', 'no lint for an hour'],
    ['hookbus off notify', 'until `hookbus on notify`'],
  ],
  perform,
};

async function perform(given: Given, { settings, now }: Context): Promise<Answer> {
  const hookName = requireHook(given);
  const forMs = readFor(given.value('for'));
  const [{ lockForCommand, switchOff }, { requirePaths }] = await Promise.all([
    import('../../bus/switch-hook.ts'),
    import('../../bus/open-for-command.ts'),
  ]);
  const untilMs = forMs === undefined ? 0 : Math.ceil(now() + forMs);
  const paths = requirePaths(settings);
  const known = switchOff(paths, hookName, untilMs, lockForCommand(paths, now));
  const until = untilMs === 0 ? undefined : new Date(untilMs);
  return {
    json: {
      hook_name: hookName,
      state: 'off',
      until: until?.toISOString() ?? null,
      on_record: known?.includes(hookName) ?? null,
    },
    lines: () => [
      `${quote(hookName)} is off ${until === undefined ? 'until `hookbus on`' : `until ${formatMoment(until)}`}.`,
      ...unknownHook(hookName, known),
    ],
  };
}

function readFor(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseAge(text);
  if (ms === undefined || ms === 0) {
    throw expected('--for', 'a time above 0 such as 30s, 15m, 1h or 2d', text);
  }
  return ms;
}
