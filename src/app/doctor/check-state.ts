import { accessSync, constants, type Stats, statfsSync, statSync } from 'node:fs';
import type { StatePaths } from '../../config/home/paths.ts';
import type { HomeProblem, Settings } from '../../config/settings.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { checkIntegrity } from '../../store/queries/problems.ts';
import type { StatusReport } from '../reading/read-status.ts';
import { openForCommand } from '../store/open-for-command.ts';
import { advice, type Check, type Finding, problem } from './finding.ts';

/** A database above this, in bytes, is slow to look at and to back up. */
const LARGE_BYTES = 2_000_000_000;

/** Free space under this, in bytes, is soon used up by payloads. */
const LOW_SPACE_BYTES = 200_000_000;

/** More than so many records in the spool are no longer taken in as they come. */
const BACKLOG_RECORDS = 1000;

const GROUP_OR_OTHERS_READ = 0o044;

/** Looks at the state directory and at what is in it. */
export function checkState(settings: Settings, status: StatusReport, now: () => number): Check[] {
  const { paths } = settings;
  if (paths === undefined) return [checkNowhere(settings.homeProblem)];
  return [
    checkDirectory(paths),
    checkDatabase(paths, status, now),
    checkSpool(status),
    checkSettings(status),
  ];
}

function checkNowhere(unfit: HomeProblem | undefined): Check {
  if (unfit !== undefined) {
    const why = 'What is in it could keep hooks from running. They run ungated and unrecorded.';
    const finding = problem(unfit.what, why, unfit.fix);
    return { name: 'directory', summary: 'does not count', findings: [finding] };
  }
  const finding = problem(
    'neither HOOKBUS_HOME nor HOME says where the state directory is',
    'Nothing can be recorded.',
    'Set HOOKBUS_HOME to an absolute path.',
  );
  return { name: 'directory', summary: 'nowhere', findings: [finding] };
}

function checkDirectory({ home }: StatePaths): Check {
  const name = 'directory';
  let stat: Stats | undefined;
  try {
    stat = statSync(home, { throwIfNoEntry: false });
    if (stat === undefined) return { name, summary: `${home} (not made yet)`, findings: [] };
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const finding = problem(
      `the state directory ${home} cannot be used: ${reasonOf(error)}`,
      'Hooks run, and nothing of them is recorded.',
      'Make it a directory that you can write, or point HOOKBUS_HOME somewhere else.',
    );
    return { name, summary: home, findings: [finding] };
  }
  return { name, summary: home, findings: [...permissionFindings(home, stat), ...spaceOf(home)] };
}

function permissionFindings(home: string, { mode }: Stats): Finding[] {
  const bits = (mode & 0o777).toString(8).padStart(4, '0');
  if ((mode & GROUP_OR_OTHERS_READ) === 0) return [];
  const what = `others can look into the state directory (mode ${bits})`;
  const why = 'The files in it are for you alone, but their names and sizes are not.';
  return [advice(what, why, `chmod 700 ${home}`)];
}

function spaceOf(home: string): Finding[] {
  try {
    const { bavail, bsize } = statfsSync(home);
    if (bavail * bsize >= LOW_SPACE_BYTES) return [];
    const megabytes = Math.floor((bavail * bsize) / 1e6);
    const what = `only ${megabytes} MB are free on the disk of the state directory`;
    return [
      advice(
        what,
        'When the disk is full, hooks run unrecorded.',
        'Free space, or: hookbus cleanup',
      ),
    ];
  } catch {
    // A file system that does not tell.
    return [];
  }
}

function checkDatabase(paths: StatePaths, status: StatusReport, now: () => number): Check {
  const { state, reason, executions, bytes } = status.database;
  const name = 'database';
  const quarantine = status.set_aside_databases.map(({ path }) =>
    advice(
      `a corrupt database was set aside: ${path}`,
      'What it holds is not shown any more, and it takes space.',
      'Look into it with the sqlite3 shell (.recover) or delete it, with its -wal and -shm files.',
    ),
  );
  if (state === 'absent') return { name, summary: 'none yet', findings: quarantine };
  if (state !== 'ready') {
    const fix =
      state === 'newer'
        ? 'Install the newer HookBus again, or point HOOKBUS_HOME somewhere else.'
        : 'Make the file readable and writable for you; if it is damaged, move it away, and a fresh one is made.';
    const why = 'Executions wait in the spool until it can be used.';
    return {
      name,
      summary: state,
      findings: [problem(reason ?? 'it cannot be used', why, fix), ...quarantine],
    };
  }
  const findings = [...integrityFindings(paths, now), ...sizeFindings(bytes), ...quarantine];
  const summary = `${executions.toLocaleString('en')} executions, ${Math.ceil(bytes / 1e5) / 10} MB`;
  return { name, summary, findings };
}

function integrityFindings(paths: StatePaths, now: () => number): Finding[] {
  const why = 'What is damaged is lost to every figure, and may grow.';
  const fix =
    'hookbus daemon stop, then move hook_bus.db with its -wal and -shm files away; a fresh one is made.';
  let store: ReturnType<typeof openForCommand>;
  try {
    store = openForCommand(paths, now);
    return (store?.use(checkIntegrity) ?? []).map((text) =>
      problem(`the database is damaged: ${text}`, why, fix),
    );
  } catch (error) {
    if (!(error instanceof HookbusError)) throw error;
    return [problem(error.message, why, error.hint ?? fix)];
  } finally {
    store?.close();
  }
}

function sizeFindings(bytes: number): Finding[] {
  if (bytes < LARGE_BYTES) return [];
  const what = `the database takes ${(bytes / 1e9).toFixed(1)} GB`;
  const why = 'Every look at long windows reads much of it.';
  const fix =
    'Keep less: retention_days in config.json, HOOKBUS_MAX_BYTES, or hookbus cleanup --older-than 3d.';
  return [advice(what, why, fix)];
}

function checkSpool({ spool }: StatusReport): Check {
  const findings: Finding[] = [];
  if (spool.problem !== null) {
    const what = `the spool cannot be drained: ${spool.problem}`;
    findings.push(
      problem(what, 'Executions wait there and are shown nowhere.', 'hookbus status says more.'),
    );
  }
  if (spool.waiting > BACKLOG_RECORDS) {
    const what = `${spool.waiting} executions wait in the spool`;
    const why = 'They are taken in more slowly than they come, and no figure has them yet.';
    findings.push(advice(what, why, 'hookbus daemon restart, and look into its log, hookbus.log.'));
  }
  if (spool.unreadable > 0) {
    const what = `${spool.unreadable} records could not be read`;
    const why = 'These executions are on no list.';
    const fix = 'They are in spool/unreadable. A disk that was full leaves such; delete them.';
    findings.push(advice(what, why, fix));
  }
  const { waiting, running } = spool;
  const summary = `${waiting === 0 ? 'nothing waits' : `${waiting} wait`}, ${running} running`;
  return { name: 'spool', summary, findings };
}

/** Settings of this shell, and what hooks said of theirs. */
function checkSettings(report: StatusReport): Check {
  const { problems, notices, config, refused_directory_problem, key_server_problems } = report;
  const why = 'The default is in force instead.';
  const here = problems.map((text) =>
    problem(text, why, 'Correct it where it is set: the shell, or the env block of the agent.'),
  );
  const hooks = notices
    .filter(({ kind }) => kind === 'mistake')
    .map(({ text, last_seen }) =>
      advice(
        `${text} (last at ${last_seen})`,
        'What was done instead is said there.',
        'Correct it where the hook is set up; the note goes away by hookbus cleanup.',
      ),
    );
  const file =
    config.problem === null
      ? []
      : [
          problem(
            `${config.path} cannot be used: ${config.problem}`,
            'What was in force before stays; without that, the defaults hold.',
            'Correct it by hand, or with hookbus config.',
          ),
        ];
  const refused =
    refused_directory_problem === null
      ? []
      : [
          problem(
            `hooks were given another state directory: ${refused_directory_problem}`,
            'What is in it could keep hooks from running, so it does not count.',
            'Do so, or take HOOKBUS_HOME or XDG_STATE_HOME out of the env block that has it.',
          ),
        ];
  const findings = [...here, ...refused, ...file, ...key_server_problems, ...hooks];
  const summary = findings.length === 0 ? 'all can be used' : 'see below';
  return { name: 'settings', summary, findings };
}
