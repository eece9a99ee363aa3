import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { readWhole } from '../../words/values.ts';
import { readTimeout, TIMEOUT_OPTION } from './replay.ts';

const DEFAULT_LAST = 3;
const MAX_LAST = 50;

export const drillCommand: Command = {
  name: 'drill',
  summary: 'See whether guards still refuse what they refused',
  usage: '[HOOK...] [options]',
  about: [
    'Runs the latest different refusals of each guard again: the recorded command on the stored payload, in the recorded directory, with the recorded variables of the agent on top of the environment of this shell. A guard is a hook that has refused. It passes the drill if it decides `deny` each time.',
    'At a terminal it lists each command with its directory and asks first. Without one, and with --json, it does not ask, and runs commands in every directory where a guard refused: name the hooks to run only those. The hooks really run, with all their side effects.',
    'A drill needs a complete stored payload: set HOOKBUS_STORE_RAW=deny where the agent runs. If secrets were redacted from the payload, a guard that lets it through may have refused because of them; the drill then says that it is unsure. If the script has changed, it names both digests.',
    'Drills are recorded as replays; `hookbus show` lists them. `hookbus config set drill.hours 24` and `drill.hooks NAME` have the daemon drill those hooks.',
  ],
  argument: {
    name: 'HOOK',
    describe: 'the name of a hook, as `hookbus logs` shows it; repeatable',
    default: 'every hook that has refused',
    isRepeatable: true,
  },
  options: {
    last: {
      value: 'N',
      describe: 'how many different refusals of each guard, latest first',
      default: String(DEFAULT_LAST),
    },
    timeout: TIMEOUT_OPTION,
    yes: { describe: 'do not ask first' },
  },
  exitCodes: [
    ['0', 'every guard that was drilled still refuses'],
    [
      '1',
      'a guard passes what it refused, a HOOK that you named cannot be drilled, or an argument is invalid',
    ],
  ],
  examples: [
    ['hookbus drill', 'do all guards still refuse what they refused?'],
    ['hookbus drill guard_rm --last 10', 'one guard, its last 10 different refusals'],
    ['hookbus drill --yes --json', 'for a script'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const last = readWhole('--last', given.value('last') ?? String(DEFAULT_LAST), 1, MAX_LAST);
  const timeoutSeconds = readTimeout(given.value('timeout'));
  const hookNames = [...new Set([given.argument ?? [], given.moreArguments].flat())];
  const asks = context.ask !== undefined && !given.isOn('json') && !given.isOn('yes');
  const { drill } = await import('../../terminal/drill-work.ts');
  return drill({ hookNames, last, timeoutSeconds, asks }, context);
}
