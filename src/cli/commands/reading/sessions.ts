import { listSessions, shortSessionId } from '../../../store/queries/sessions.ts';
import { sessionLines } from '../../output/executions/sessions.ts';
import { withDatabase } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
} from '../../words/command.ts';
import { FILTERS, readFilter } from '../../words/filters.ts';
import { TIME_FORMS } from '../../words/time.ts';
import { unmatchedNames } from '../../words/unmatched.ts';
import { readWhole } from '../../words/values.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 10_000;

export const sessionsCommand: Command = {
  name: 'sessions',
  summary: 'List sessions of agents: project, failures, time waited',
  isPaged: true,
  usage: '[options]',
  about: [
    'Lists sessions, the one with the latest execution first: when it started and how long it lasted, the project where it started, the agent, how many executions it had, how many failed and how many refused, and how long the agent waited for hooks. Hooks that ran in parallel count once.',
    'The last column is as much of the id as it takes to find the session: `hookbus trace --session`, `hookbus logs --session` and `hookbus report --session` take it.',
  ],
  options: {
    project: {
      value: 'DIR',
      describe:
        'only sessions with executions in this project: the git work tree that DIR is in, else DIR; repeatable',
      isRepeatable: true,
    },
    here: FILTERS.here,
    since: {
      value: 'TIME',
      describe: `only sessions with executions since then: ${TIME_FORMS}`,
      default: 'everything',
    },
    limit: {
      value: 'N',
      short: 'n',
      describe: 'the maximum number of sessions',
      default: String(DEFAULT_LIMIT),
    },
  },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus sessions', 'the latest sessions'],
    ['hookbus sessions --here --since 7d', 'those of this week in this project'],
    ["hookbus sessions --json | jq -r '.[0].session_id'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const limit = readWhole('--limit', given.value('limit') ?? String(DEFAULT_LIMIT), 1, MAX_LIMIT);
  const { projects, since } = await readFilter(given, context);
  const found = await withDatabase(context, (db) => {
    // One more tells whether there are more.
    const search = { from: since ?? '', projects, limit: limit + 1, isWhole: true };
    const all = listSessions(db, search);
    const sessions = all.slice(0, limit);
    return {
      sessions,
      hasMore: all.length > limit,
      shortIds: sessions.map(({ session_id }) => shortSessionId(db, session_id)),
      unmatched: all.length > 0 ? [] : unmatchedNames(db, { projects }),
    };
  });
  const { sessions, ...rest } = found ?? {
    ...{ sessions: [], hasMore: false, shortIds: [], unmatched: [] },
  };
  const isFiltered = projects.length > 0 || since !== undefined;
  return {
    json: sessions,
    lines: (page) => {
      if (sessions.length > 0) return sessionLines({ sessions, ...rest }, page);
      if (rest.unmatched.length > 0) return rest.unmatched;
      return isFiltered
        ? ['No recorded session matches.']
        : ['No session is recorded yet. `hookbus status` shows whether recording is on.'];
    },
  };
}
