import { execPath, versions } from 'node:process';
import { findOnPath, readPlaces } from '../../../agents/settings/agent-places.ts';
import { socketPath } from '../../../config/home/paths.ts';
import { ownProgram } from '../../../os/own-program.ts';
import { doctorLines } from '../../output/state/doctor.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { readHours } from '../../words/values.ts';

const DEFAULT_HOURS = '24';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Find what is wrong, and say what to do about it',
  usage: '[HOURS] [options]',
  about: [
    'Looks at Node.js, the launcher, SQLite, PATH, the state directory, the database, the spool, the daemon, settings, and the settings files of agents with what is wrapped in them.',
    'Then at what was recorded in the last HOURS, for mistakes that silently disarm hooks: exit codes that do not block, commands that cannot start, broken JSON, blocks without a reason, too much output, the same hook twice, and times near the limit.',
    'Nothing is changed.',
  ],
  argument: {
    name: 'HOURS',
    describe: 'how far to look back for mistakes of hooks',
    default: DEFAULT_HOURS,
  },
  options: {},
  exitCodes: [
    ['0', 'no problem was found; there may be advice'],
    ['1', 'a problem was found, or an option cannot be used'],
  ],
  examples: [
    ['hookbus doctor', 'is everything as it should be?'],
    ['hookbus doctor 1', 'after a change: did the last hour go well?'],
    ["hookbus doctor --json | jq '.checks[].findings[].what'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, { settings, now }: Context): Promise<Answer> {
  const windowHours = readHours(given.argument ?? DEFAULT_HOURS);
  const [{ diagnose }, { askDaemon }] = await Promise.all([
    import('../../../app/doctor/diagnose.ts'),
    import('../../../daemon/client/client.ts'),
  ]);
  const home = settings.paths?.home;
  const report = diagnose({
    settings,
    windowHours,
    now,
    nodeVersion: versions.node,
    program: ownProgram(execPath, process.argv[1] ?? ''),
    onPath: findOnPath(),
    places: readPlaces(),
    daemon: home === undefined ? undefined : await askDaemon(socketPath(home)),
  });
  return {
    json: report,
    lines: (page) => doctorLines(report, page),
    exitCode: report.problems === 0 ? 0 : 1,
  };
}
