import { existsSync } from 'node:fs';
import { readConfigFile } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { findRefused } from '../../config/home/state-home.ts';
import { forbiddenVariables } from '../../config/policy/value-sources.ts';
import { retentionDays } from '../../config/retention.ts';
import type { Environment, HomeProblem, Settings } from '../../config/settings.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { VERSION } from '../../domain/version.ts';
import { createMetrics, type MetricsReport } from '../../metrics/report.ts';
import { createSpool } from '../../spool/spool.ts';
import type { Database } from '../../store/database.ts';
import { databaseBytes, listQuarantined } from '../../store/files/database-files.ts';
import {
  listNotices,
  type Notice,
  readContents,
  type StoreContents,
} from '../../store/queries/overview.ts';
import { type AlertsReport, NO_ALERTS, readAlerts } from '../alerts/read-alerts.ts';
import { configPolicyState, type GateState, NO_GATES, readGates } from '../breaker/read-gates.ts';
import { type ElsewhereReport, switchedOffElsewhere } from '../breaker/switched-off-elsewhere.ts';
import { type HealthFacts, type HealthItem, readHealth } from '../health/read-health.ts';
import { mayKeepSecrets, REDACTION_IGNORED } from '../recording/redaction-in-force.ts';
import { countSpool } from '../recording/spool-record.ts';
import type { CommandStore, Opened } from '../store/up-to-date.ts';
import { readMetrics } from './read-metrics.ts';
import {
  readSkippedGuards,
  type SkippedGuardReport,
  skippedInSpool,
} from './read-skipped-guards.ts';

/**
 * `absent`: nothing was recorded yet. `newer`: from a newer HookBus, so it is not touched. `unusable`: see `reason`.
 */
type DatabaseState = 'ready' | 'absent' | 'newer' | 'unusable';

/** The whole of `status --json`; docs/json.md says what each field means. */
export interface StatusReport extends GateState {
  readonly version: string;
  readonly enabled: boolean;
  readonly state_directory: string | null;
  readonly state_directory_exists: boolean;
  /** Why HookBus does not use it, and what to do; hooks then run ungated and unrecorded. */
  readonly state_directory_problem: string | null;
  /** The same for another directory that hooks were given most recently. */
  readonly refused_directory_problem: string | null;
  readonly database: {
    readonly path: string | null;
    readonly state: DatabaseState;
    readonly reason: string | null;
    readonly bytes: number;
    readonly schema_version: number | null;
    readonly executions: number;
    readonly executions_with_payloads: number;
    readonly executions_unredacted: number;
    readonly oldest: string | null;
    readonly newest: string | null;
  };
  readonly spool: {
    readonly running: number;
    readonly waiting: number;
    readonly unreadable: number;
    readonly drained: number;
    readonly problem: string | null;
  };
  readonly payloads: {
    readonly stored: boolean;
    /** Only those of executions with one of these decisions or statuses; null: all. */
    readonly only: readonly string[] | null;
    readonly max_bytes: number;
    readonly compressed: boolean;
    readonly redacted: boolean;
  };
  readonly retention_days: number;
  /** Hooks that are off in other state directories of this user. */
  readonly switched_off_elsewhere: readonly ElsewhereReport[];
  readonly daemon: Settings['daemon'];
  readonly last_24_hours: MetricsReport;
  readonly alerts: AlertsReport;
  /** Hooks that could have refused and did not run; the latest first. */
  readonly skipped_guards: readonly SkippedGuardReport[];
  /** Warnings about the settings of this shell. */
  readonly problems: readonly string[];
  readonly notices: readonly Notice[];
  readonly set_aside_databases: readonly { readonly path: string; readonly bytes: number }[];
  /** What is wrong in the last 24 hours, the worst first. */
  readonly health: readonly HealthItem[];
}

/** The window of the metrics in `status`. */
const WINDOW_HOURS = 24;

/** Gathers what `status` shows. Problems are part of the answer. Creates nothing on disk. @param assess reads `health` */
export function readStatus(
  settings: Settings,
  opened: Opened,
  now: () => number,
  env?: Environment,
  assess = readHealth,
): StatusReport {
  const { paths, homeProblem } = settings;
  const refused = findRefused(env);
  const elsewhere = paths === undefined ? [] : switchedOffElsewhere(paths.home, now(), env);
  const common = {
    version: VERSION,
    enabled: settings.enabled,
    state_directory: paths?.home ?? homeProblem?.home ?? null,
    state_directory_exists: paths !== undefined && existsSync(paths.home),
    state_directory_problem: problemText(homeProblem),
    refused_directory_problem: problemText(
      refused?.home === homeProblem?.home ? undefined : refused,
    ),
    payloads: {
      stored: settings.storeRaw,
      only: settings.storeOnly ?? null,
      max_bytes: settings.maxBytes,
      compressed: settings.compress,
      redacted: settings.redact || paths === undefined || !mayKeepSecrets(paths.config),
    },
    retention_days: retentionDays(settings),
    daemon: settings.daemon,
    switched_off_elsewhere: elsewhere,
    problems: [...settings.problems, ...ineffective(settings)],
  };
  return {
    ...common,
    ...(paths === undefined
      ? noStateDirectory()
      : readState(paths, opened, now, (facts) => assess({ ...facts, elsewhere }))),
  };
}

/** What this shell sets and cannot set: it cannot switch redaction off, nor change what root locked. */
function ineffective(settings: Settings): string[] {
  const { redact, paths } = settings;
  const forbidden = forbiddenVariables(readConfigFile(paths?.config ?? NO_FILE), settings);
  const isIgnored = !redact && (paths === undefined || !mayKeepSecrets(paths.config));
  const isSaid = forbidden.some((text) => text.startsWith('HOOKBUS_REDACT'));
  return isIgnored && !isSaid ? [...forbidden, REDACTION_IGNORED] : forbidden;
}

function problemText(problem: HomeProblem | undefined): string | null {
  if (problem === undefined) return null;
  return `${problem.what}. Hooks run ungated and unrecorded. To fix it: ${problem.fix}`;
}

type State = Pick<
  StatusReport,
  | 'database'
  | 'spool'
  | 'last_24_hours'
  | 'alerts'
  | 'skipped_guards'
  | 'notices'
  | 'set_aside_databases'
  | 'health'
  | keyof GateState
>;

const EMPTY: Omit<StatusReport['database'], 'path' | 'state'> = {
  reason: null,
  bytes: 0,
  schema_version: null,
  executions: 0,
  executions_with_payloads: 0,
  executions_unredacted: 0,
  oldest: null,
  newest: null,
};

/** Without a state directory, root's policy alone is in force. */
const NO_FILE = '';

function noStateDirectory(): State {
  return {
    database: { path: null, state: 'absent', ...EMPTY },
    spool: { running: 0, waiting: 0, unreadable: 0, drained: 0, problem: null },
    last_24_hours: createMetrics().report(WINDOW_HOURS),
    alerts: NO_ALERTS,
    skipped_guards: [],
    notices: [],
    set_aside_databases: [],
    health: [],
    ...NO_GATES,
    config_policy: configPolicyState(readConfigFile(NO_FILE)),
  };
}

function readState(
  paths: StatePaths,
  { store, problem }: Opened,
  now: () => number,
  assess: (facts: HealthFacts) => HealthItem[],
): State {
  const path = paths.database;
  const nowMs = now();
  const common = {
    ...noStateDirectory(),
    set_aside_databases: quarantinedDatabases(path),
  };
  const assessed = (
    db: Database | undefined,
    skippedIn: (gates: GateState['gates']) => readonly SkippedGuardReport[],
  ) => {
    const gates = readGates(paths, db, nowMs);
    const skipped_guards = skippedIn(gates.gates);
    const alerts = readAlerts(paths, db, nowMs);
    const notices = db === undefined ? [] : listNotices(db);
    const facts = { db, nowMs, gates, notices };
    const health = assess({ ...facts, skipped: skipped_guards, alerts: alerts.open });
    return { ...gates, alerts, notices, skipped_guards, health };
  };
  try {
    if (problem !== undefined) throw problem;
    const facts = store?.use((db) => ({
      contents: readContents(db),
      metrics: readMetrics(db, WINDOW_HOURS, nowMs),
      state: assessed(db, (gates) => readSkippedGuards(db, gates)),
    }));
    return {
      ...common,
      ...(facts?.state ?? assessed(undefined, () => [])),
      database: { path, ...(facts === undefined ? absent() : ready(path, facts.contents)) },
      spool: readSpool(paths, store),
      ...(facts && { last_24_hours: facts.metrics }),
    };
  } catch (error) {
    if (!(error instanceof HookbusError)) throw error;
    const isNewer = error.code === 'E_DB_NEWER';
    const reason = [error.message, isNewer ? undefined : error.hint].filter(Boolean).join('. ');
    const spool = createSpool(paths.spool, paths.quarantine);
    return {
      ...common,
      ...assessed(undefined, (gates) => skippedInSpool(spool, gates)),
      database: {
        path,
        state: isNewer ? 'newer' : 'unusable',
        ...EMPTY,
        reason,
        bytes: databaseBytes(path),
      },
      spool: readSpool(paths, undefined),
    };
  }
}

function absent() {
  return { state: 'absent', ...EMPTY } as const;
}

function ready(path: string, contents: StoreContents) {
  return {
    state: 'ready',
    reason: null,
    bytes: databaseBytes(path),
    schema_version: contents.version,
    executions: contents.executions,
    executions_with_payloads: contents.withPayloads,
    executions_unredacted: contents.unredacted,
    oldest: contents.oldest,
    newest: contents.newest,
  } as const;
}

/** If the spool cannot be read, the counts are 0 and `problem` says why. */
function readSpool(paths: StatePaths, store: CommandStore | undefined): StatusReport['spool'] {
  const spool = createSpool(paths.spool, paths.quarantine);
  let counts = { running: 0, waiting: 0 };
  let unreadable = 0;
  let problem = store?.ingestion.problem ?? null;
  try {
    counts = countSpool(spool);
    unreadable = spool.countQuarantined();
  } catch (error) {
    problem ??= reasonOf(error);
  }
  return { ...counts, unreadable, drained: store?.ingestion.stored ?? 0, problem };
}

function quarantinedDatabases(path: string): StatusReport['set_aside_databases'] {
  return listQuarantined(path).map((file) => ({ path: file, bytes: databaseBytes(file) }));
}
