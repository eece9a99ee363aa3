import { readPlaces } from '../../../agents/settings/agent-places.ts';
import type { AgentName } from '../../../agents/settings/agent-settings.ts';
import { HOUR_MS } from '../../../domain/time.ts';
import { hooksJson, hooksLines } from '../../output/state/hooks.ts';
import { withOpened } from '../../terminal/with-store.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { readWord } from '../../words/values.ts';

const WINDOW_HOURS = 7 * 24;

const NAMES: readonly AgentName[] = [
  'claude',
  'codex',
  'gemini',
  'cursor',
  'copilot',
  'qwen',
  'droid',
  'auggie',
  'cline',
];

export const hooksCommand: Command = {
  name: 'hooks',
  summary: 'List every hook that runs here, the dead ones first',
  isPaged: true,
  usage: '[options]',
  about: [
    'Lists the hooks of every agent in this project: of your own settings, the project, an administrator, plugins, skills and agents. Those that need a look come first, each with the reason.',
    'If they are on PATH, Claude Code is asked for its own list, and Codex for the hooks that it trusts. No hook runs for that, and neither reaches a network. For everything else, and with --offline, the files count.',
    'docs/hooks.md explains the states. Nothing of the project is run.',
  ],
  options: {
    agent: {
      value: 'AGENT',
      describe: `only hooks of ${NAMES.slice(0, -1).join(', ')} or ${NAMES.at(-1)}`,
    },
    offline: { describe: 'go by the files alone, and ask no agent' },
    all: { describe: 'also hooks without a command, and those of skills and agents' },
  },
  exitCodes: [
    ['0', 'done, whatever the hooks are like'],
    ['1', 'an option is invalid'],
  ],
  examples: [
    ['hookbus hooks', 'which guards are alive?'],
    ['hookbus hooks --agent codex --all', 'everything that Codex would run'],
    ["hookbus hooks --json | jq -r '.hooks[] | select(.concern) | .reason'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const wanted = given.value('agent');
  const name = wanted === undefined ? undefined : readWord('--agent', wanted, NAMES);
  const { env, cwd, now } = context;
  const places = readPlaces(env, cwd());
  const [{ AGENT_SETTINGS }, { readKnownHooks }, { takeCensus }] = await Promise.all([
    import('../../../agents/settings/settings-files.ts'),
    import('../../../app/hooks/known-hooks.ts'),
    import('../../../app/hooks/census.ts'),
  ]);
  const agents = Object.values(AGENT_SETTINGS).filter(
    ({ agent }) => name === undefined || agent === name,
  );
  const known = await Promise.all(
    agents.map((agent) => readKnownHooks(agent, places, env, given.isOn('offline'))),
  );
  const since = new Date(now() - WINDOW_HOURS * HOUR_MS).toISOString();
  const { entries, problem } = await withOpened(context, ({ store, problem }) => ({
    problem: problem?.message,
    entries:
      store === undefined
        ? takeCensus(known, places, since)
        : store.use((db) => takeCensus(known, places, since, db)),
  }));
  const report = {
    project: places.projectRoot,
    home: places.home,
    hours: WINDOW_HOURS,
    entries,
    problems: known.flatMap(({ problems }) => problems),
    notes: [
      ...known.flatMap(({ note }) => note ?? []),
      ...(problem === undefined ? [] : [`No runs are counted: ${problem}`]),
    ],
    isAll: given.isOn('all'),
  };
  return { json: hooksJson(report), lines: (page) => hooksLines(report, page) };
}
