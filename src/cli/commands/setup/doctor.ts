import { versions } from 'node:process';
import { findOnPath, readPlaces } from '../../../agents/settings/agent-places.ts';
import { socketPath } from '../../../config/home/paths.ts';
import { ownProgram } from '../../../os/own-program.ts';
import { doctorLines } from '../../output/state/doctor.ts';
import { withOpened } from '../../terminal/with-store.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { readHours, TIME_FORMS } from '../../words/time.ts';

const DEFAULT_TIME = '24h';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Find problems, and say how to fix them',
  isPaged: true,
  usage: '[TIME] [options]',
  about: [
    'Checks Node.js, the launcher, SQLite, PATH, the state directory, the database, the spool, the daemon, settings, and the settings files of agents with their wrapped hooks.',
    'Then checks the executions within TIME for problems that silently disarm hooks: exit codes that do not block, commands that cannot start, broken JSON, refusals without a reason, too much output, the same hook twice, and durations near the limit.',
    'It also checks the hooks that stand in files: whether the agent runs them, whether their scripts exist, and whether they ever ran. For that it asks Claude Code and Codex, if they are on PATH, for what they know; no hook runs.',
    'It changes nothing.',
  ],
  argument: {
    name: 'TIME',
    describe: `how far to look back at executions: ${TIME_FORMS}`,
    default: DEFAULT_TIME,
  },
  options: {},
  exitCodes: [
    ['0', 'no problem found; there may be advice'],
    ['1', 'a problem was found, or an argument is invalid'],
  ],
  examples: [
    ['hookbus doctor', 'is everything all right?'],
    ['hookbus doctor 1h', 'after a change: did the last hour go well?'],
    ["hookbus doctor --json | jq '.checks[].findings[].what'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const { settings, now, env, node, script, cwd } = context;
  const windowHours = readHours(given.argument ?? DEFAULT_TIME, now());
  const [{ diagnose }, { readKnownHooks }, { AGENT_SETTINGS }, { askDaemon }] = await Promise.all([
    import('../../../app/doctor/diagnose.ts'),
    import('../../../app/hooks/known-hooks.ts'),
    import('../../../agents/settings/settings-files.ts'),
    import('../../../daemon/client/client.ts'),
  ]);
  const home = settings.paths?.home;
  const places = readPlaces(env, cwd());
  const known = await Promise.all(
    Object.values(AGENT_SETTINGS).map((agent) => readKnownHooks(agent, places, env, false)),
  );
  const facts = {
    settings,
    env,
    windowHours,
    now,
    nodeVersion: versions.node,
    program: ownProgram(node, script),
    onPath: findOnPath(env),
    places,
    known,
    daemon: home === undefined ? undefined : await askDaemon(socketPath(home)),
  };
  const report = await withOpened(context, (opened) => diagnose({ ...facts, opened }));
  return {
    json: report,
    lines: (page) => doctorLines(report, page),
    exitCode: report.problems === 0 ? 0 : 1,
  };
}
