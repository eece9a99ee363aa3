import { accessSync, constants, type Stats, statfsSync, statSync } from 'node:fs';
import type { StatePaths } from '../../config/home/paths.ts';
import type { HomeProblem, Settings } from '../../config/settings.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { formatBytes, formatThings } from '../../format.ts';
import { ownUser } from '../../os/own-file.ts';
import { checkIntegrity } from '../../store/queries/problems.ts';
import { isAboutAnswer } from '../health/ignored-answers.ts';
import type { StatusReport } from '../reading/read-status.ts';
import type { OpenStore } from '../store/open-store.ts';
import { advice, type Check, type Finding, problem } from './finding.ts';

/** A larger database is slow to query and to back up. */
const LARGE_BYTES = 2_000_000_000;

/** With less free space, payloads soon fill the disk. */
const LOW_SPACE_BYTES = 200_000_000;

/** With more records in the spool, the daemon does not keep up. */
const BACKLOG_RECORDS = 1000;

const GROUP_OR_OTHERS_READ = 0o044;

/**
 * What the status report itself shows to be wrong, but for a directory that does not count, with which it begins; `doctor`
 * looks closer.
 */
export function stateFindings(settings: Settings, status: StatusReport): Finding[] {
  const { paths } = settings;
  const checks =
    paths === undefined
      ? [checkNowhere(settings.homeProblem)].filter(() => settings.homeProblem === undefined)
      : [checkDirectory(paths), checkDatabase(status, undefined), checkSpool(status)];
  return [...checks, checkSettings(status)].flatMap(({ findings }) => findings);
}

/** Checks the state directory and everything in it. */
export function checkState(
  settings: Settings,
  status: StatusReport,
  store: OpenStore | undefined,
): Check[] {
  const { paths } = settings;
  if (paths === undefined) return [checkNowhere(settings.homeProblem)];
  return [
    checkDirectory(paths),
    checkDatabase(status, store),
    checkSpool(status),
    checkSettings(status),
  ];
}

function checkNowhere(unfit: HomeProblem | undefined): Check {
  if (unfit !== undefined) {
    const why = 'Files in it could keep hooks from running, so hooks run ungated and unrecorded.';
    const finding = problem(unfit.what, why, unfit.fix);
    return { name: 'directory', summary: 'does not count', findings: [finding] };
  }
  const finding = problem(
    'neither HOOKBUS_HOME nor HOME says where the state directory is',
    'Nothing can be recorded.',
    'Set HOOKBUS_HOME to an absolute path.',
  );
  return { name: 'directory', summary: 'unknown', findings: [finding] };
}

function checkDirectory({ home }: StatePaths): Check {
  const name = 'directory';
  let stat: Stats | undefined;
  try {
    stat = statSync(home, { throwIfNoEntry: false });
    if (stat === undefined) return { name, summary: `${home} (not created yet)`, findings: [] };
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const finding = problem(
      `the state directory ${home} cannot be used: ${reasonOf(error)}`,
      'Hooks run, but are not recorded.',
      'Make it a directory that you can write, or set HOOKBUS_HOME to another one.',
    );
    return { name, summary: home, findings: [finding] };
  }
  return { name, summary: home, findings: [...permissionFindings(home, stat), ...spaceOf(home)] };
}

function permissionFindings(home: string, { mode }: Stats): Finding[] {
  const bits = (mode & 0o777).toString(8).padStart(4, '0');
  // Windows has no such permissions.
  if (ownUser() === undefined || (mode & GROUP_OR_OTHERS_READ) === 0) return [];
  const what = `other users can list the state directory (mode ${bits})`;
  const why = 'They cannot read the files in it, but they see their names and sizes.';
  return [advice(what, why, `Type chmod 700 ${home}.`)];
}

function spaceOf(home: string): Finding[] {
  try {
    const { bavail, bsize } = statfsSync(home);
    const free = bavail * bsize;
    if (free >= LOW_SPACE_BYTES) return [];
    const what = `the disk of the state directory has only ${formatBytes(free)} free`;
    return [
      advice(
        what,
        'When the disk is full, hooks run unrecorded.',
        'Free space, or type hookbus cleanup.',
      ),
    ];
  } catch {
    // Some file systems do not report their free space.
    return [];
  }
}

function checkDatabase(status: StatusReport, store: OpenStore | undefined): Check {
  const { state, reason, executions, bytes } = status.database;
  const name = 'database';
  const quarantine = status.set_aside_databases.map(({ path }) =>
    advice(
      `a corrupt database is in quarantine: ${path}`,
      'Its executions are no longer shown, and it takes space.',
      'Recover it with the sqlite3 shell (.recover), or delete it with its -wal and -shm files.',
    ),
  );
  if (state === 'absent') return { name, summary: 'none yet', findings: quarantine };
  if (state !== 'ready') {
    const fix =
      state === 'newer'
        ? 'Install the newer HookBus again, or set HOOKBUS_HOME to another directory.'
        : 'Make the file readable and writable for you. If it is damaged, move it away; HookBus makes a new one.';
    const why = 'Executions wait in the spool until the database can be used.';
    return {
      name,
      summary: state,
      findings: [problem(reason ?? 'it cannot be used', why, fix), ...quarantine],
    };
  }
  const { isWhole, findings: damage } = checkDamage(store, quarantine.length > 0);
  const findings = [...damage, ...sizeFindings(bytes), ...quarantine];
  const checked = isWhole ? '' : ', too large to check every page';
  const summary = `${formatThings(executions, 'execution')}, ${formatBytes(bytes)}${checked}`;
  return { name, summary, findings };
}

/** @param isSuspect a database was damaged before */
function checkDamage(
  store: OpenStore | undefined,
  isSuspect: boolean,
): { readonly isWhole: boolean; readonly findings: readonly Finding[] } {
  const why = 'Reports miss the damaged rows, and the damage may spread.';
  const fix =
    'Type hookbus daemon stop, then move hook_bus.db with its -wal and -shm files away. HookBus makes a new one.';
  if (store === undefined) return { isWhole: true, findings: [] };
  try {
    const { isWhole, problems } = store.use((db) => checkIntegrity(db, isSuspect));
    const findings = problems.map((text) => problem(`the database is damaged: ${text}`, why, fix));
    return { isWhole, findings };
  } catch (error) {
    if (!(error instanceof HookbusError)) throw error;
    return { isWhole: true, findings: [problem(error.message, why, error.hint ?? fix)] };
  }
}

function sizeFindings(bytes: number): Finding[] {
  if (bytes < LARGE_BYTES) return [];
  const what = `the database takes ${formatBytes(bytes)}`;
  const why = 'Every query over a long window reads much of it.';
  const fix =
    'Keep less: set retention_days in config.json or HOOKBUS_MAX_BYTES, or type hookbus cleanup --older-than 3d.';
  return [advice(what, why, fix)];
}

function checkSpool({ spool }: StatusReport): Check {
  const findings: Finding[] = [];
  if (spool.problem !== null) {
    const what = `the spool cannot be ingested: ${spool.problem}`;
    findings.push(
      problem(
        what,
        'Executions wait there, and no command shows them.',
        'Type hookbus status for details.',
      ),
    );
  }
  if (spool.waiting > BACKLOG_RECORDS) {
    const what = `${spool.waiting} executions wait in the spool`;
    const why = 'They arrive faster than the daemon ingests them, and no report counts them yet.';
    findings.push(advice(what, why, 'Type hookbus daemon restart, and read its log, hookbus.log.'));
  }
  if (spool.unreadable > 0) {
    const what = `${spool.unreadable} records could not be read`;
    const why = 'No list shows these executions.';
    const fix = 'They are in spool/unreadable. A full disk leaves such records; delete them.';
    findings.push(advice(what, why, fix));
  }
  const { waiting, running } = spool;
  const summary = `${waiting === 0 ? 'nothing waits' : `${waiting} wait`}, ${running} running`;
  return { name: 'spool', summary, findings };
}

/** The settings of this shell, and the warnings that hooks recorded about theirs. */
function checkSettings(report: StatusReport): Check {
  const { problems, notices, config, refused_directory_problem, key_server_problems } = report;
  const why = 'HookBus uses the default instead.';
  const here = problems.map((text) =>
    problem(
      text,
      why,
      'Correct it where it is set: in the shell, or in the env block of the agent.',
    ),
  );
  // What a hook answered is checked with its executions.
  const hooks = notices
    .filter((notice) => notice.kind === 'mistake' && !isAboutAnswer(notice))
    .map(({ text, last_seen }) =>
      advice(
        `${text} (last at ${last_seen})`,
        'The message says what HookBus did instead.',
        'Correct it where the hook is set up; type hookbus cleanup to clear this note.',
      ),
    );
  const file =
    config.problem === null
      ? []
      : [
          problem(
            `${config.path} cannot be used: ${config.problem}`,
            'The last valid configuration stays in force; if there was none, the defaults do.',
            'Correct it by hand, or with hookbus config.',
          ),
        ];
  const refused =
    refused_directory_problem === null
      ? []
      : [
          problem(
            `some hooks use another state directory: ${refused_directory_problem}`,
            'Files in it could keep hooks from running, so HookBus ignores it.',
            'Do so, or remove HOOKBUS_HOME or XDG_STATE_HOME from the env block that sets it.',
          ),
        ];
  const findings = [...here, ...refused, ...file, ...key_server_problems, ...hooks];
  const summary = findings.length === 0 ? 'all valid' : 'see below';
  return { name: 'settings', summary, findings };
}
