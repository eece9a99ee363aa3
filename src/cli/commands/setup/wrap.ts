import type { AgentName } from '../../../agents/settings/agent-settings.ts';
import { AGENTS_TEXT } from '../../settings/settings-options.ts';
import type { Command, Context, Given, LiveAnswer } from '../../words/command.ts';
import { invalidValue, readWord, usageError } from '../../words/values.ts';

const DEFAULT_COMMAND = '/usr/local/bin/hookbus';

export const wrapCommand: Command = {
  name: 'wrap',
  isHidden: true,
  summary: 'Wrap settings for other machines, from stdin to stdout',
  usage: '[options]',
  about: [
    'Reads settings of an agent on stdin and writes them to stdout with the prefix of `hookbus install` before each command, for the tools that bring settings to many machines. It changes no file.',
    'The same input always gives the same bytes: nothing on this machine counts. Wrapping wrapped settings changes nothing. On a machine without HookBus at that path, the hooks run alone.',
  ],
  options: {
    agent: { value: 'AGENT', describe: `the agent: ${AGENTS_TEXT}`, default: 'claude' },
    scope: {
      value: 'managed',
      describe: 'the settings that an administrator manages, with an absolute path of HookBus',
      default: 'managed',
    },
    command: {
      value: 'PATH',
      describe: 'the absolute path of hookbus on the machines that get the settings',
      default: DEFAULT_COMMAND,
    },
    enable: { describe: 'also switch recording on in the settings' },
  },
  exitCodes: [
    ['0', 'done, or nothing to do'],
    ['1', 'an option or the settings cannot be used; nothing was written to stdout'],
  ],
  examples: [
    [
      'echo \'{"hooks": {}}\' | hookbus wrap --agent claude --scope managed',
      'settings without hooks stay unchanged',
    ],
    [
      'echo \'{"hooks": {}}\' | hookbus wrap --enable --command /opt/hookbus',
      'for machines with HookBus in another place',
    ],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<LiveAnswer> {
  readWord('--scope', given.value('scope') ?? 'managed', ['managed']);
  const [{ AGENT_SETTINGS }, { wrapText }, { readValues }] = await Promise.all([
    import('../../../agents/settings/settings-files.ts'),
    import('../../../app/install/managed/wrap-text.ts'),
    import('../../settings/switch-on.ts'),
  ]);
  const names = Object.keys(AGENT_SETTINGS) as AgentName[];
  const agent = AGENT_SETTINGS[readWord('--agent', given.value('agent') ?? 'claude', names)];
  if (agent.hookDirectories !== undefined) {
    throw usageError(
      `the hooks of ${agent.title} are files, not settings; on each machine: hookbus install --agent ${agent.agent}`,
    );
  }
  const program = readCommand(given.value('command') ?? DEFAULT_COMMAND);
  const values = readValues(given, agent);
  const text = readSettings(context);
  const wrapped = wrapText(text, { agent, program, values });
  return {
    async live(output) {
      if (!given.isOn('json')) return context.write(wrapped.text);
      const hooks = wrapped.hooks.map(({ event, matcher, name, command, action, reason }) => ({
        event_type: event,
        matcher: matcher ?? null,
        hook_name: name ?? null,
        command: command ?? null,
        action,
        reason: reason ?? null,
      }));
      const isChanged = wrapped.text !== text;
      await output.json([
        { agent: agent.agent, changed: isChanged, hooks, settings: wrapped.text },
      ]);
    },
  };
}

/** Later runs recognize the prefix by the name of the program. */
function readCommand(path: string): string {
  if (/^\/(?:[^\p{Cc}]*\/)?hookbus$/u.test(path)) return path;
  throw invalidValue('--command', `an absolute path that ends in /hookbus`, path);
}

function readSettings({ ask, readInput }: Context): string {
  if (ask !== undefined) {
    throw usageError(
      'wrap reads settings on stdin; to wrap the hooks of this machine: hookbus install',
    );
  }
  const text = readInput();
  if (!text.includes('\ufffd')) return text;
  throw usageError('the settings on stdin are not valid UTF-8');
}
