import { readPlaces } from '../../../agents/settings/agent-places.ts';
import type { AgentName } from '../../../agents/settings/agent-settings.ts';
import { AGENTS_TEXT } from '../../settings/settings-options.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { didYouMean } from '../../words/nearest.ts';
import { invalidValue, quote, readWord, usageError } from '../../words/values.ts';

export const explainCommand: Command = {
  name: 'explain',
  summary: 'Which hooks run on an event, and why others do not',
  isPaged: true,
  usage: 'EVENT [TOOL] [options]',
  about: [
    'Reads the settings files of the agents here, and says for each hook on EVENT whether it runs, why, and where it stands. Nothing runs.',
    'Without TOOL, or without --input where a hook has an "if", HookBus cannot tell for some hooks. Agents run a hook when in doubt.',
  ],
  argument: { name: 'EVENT', describe: 'the event, as settings files name it, such as PreToolUse' },
  moreArguments: [
    {
      name: 'TOOL',
      describe:
        'the tool; on an event without tools, what its matchers are compared with, such as startup on SessionStart',
    },
  ],
  options: {
    input: { value: 'JSON', describe: 'the input of the tool, or fields of the payload' },
    agent: {
      value: 'AGENT',
      describe: `only this agent: ${AGENTS_TEXT} (default: all)`,
    },
  },
  exitCodes: [
    ['0', 'done'],
    ['1', 'an argument is invalid'],
  ],
  examples: [
    ['hookbus explain PreToolUse Bash', 'what happens before a shell command?'],
    [
      `hookbus explain PreToolUse Bash --input '{"command": "git push"}'`,
      'with rules in "if" decided too',
    ],
    ['hookbus explain SessionStart resume', 'events without tools'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const typed = given.argument;
  if (typed === undefined) throw usageError('missing argument EVENT');
  const [{ explain }, { explainJson, explainLines }, { AGENT_SETTINGS }, { knownEvents }] =
    await Promise.all([
      import('../../../app/cases/explain.ts'),
      import('../../output/cases/explain.ts'),
      import('../../../agents/settings/settings-files.ts'),
      import('../../../agents/matching/matched-value.ts'),
    ]);
  const names = Object.keys(AGENT_SETTINGS) as AgentName[];
  const agent = given.value('agent');
  const agents = agent === undefined ? names : [readWord('--agent', agent, names)];
  const events = agents.flatMap(knownEvents);
  const event = inKnownCase(typed, events);
  const question = { event, value: given.moreArguments[0], input: readInput(given.value('input')) };
  const places = readPlaces(context.env, context.cwd());
  const explanations = explain(question, agents, places);
  if (explanations.length === 0) {
    throw usageError(`unknown event ${quote(event)}${didYouMean(event, events)}`);
  }
  return {
    json: explainJson(question, explanations),
    lines: (page) => explainLines(question, explanations, places, page),
  };
}

/** Agents write their events in one case each; people type them in any. */
function inKnownCase(typed: string, known: readonly string[]): string {
  if (known.includes(typed)) return typed;
  return known.find((event) => event.toLowerCase() === typed.toLowerCase()) ?? typed;
}

function readInput(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
  } catch {
    // The message below is about this too.
  }
  throw invalidValue('--input', 'a JSON object', text);
}
