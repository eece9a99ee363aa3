import type { Environment, Settings } from '../../config/settings.ts';
import { HookbusError } from '../../domain/errors.ts';
import { DAY_MS, HOUR_MS, isoOf } from '../../domain/time.ts';
import { VERSION } from '../../domain/version.ts';
import { allHookProblems, allRepeatedRuns } from '../../store/days/problems.ts';
import { readScriptHistory } from '../../store/queries/guards/script-changes.ts';
import type { HookProblems } from '../../store/queries/problems.ts';
import { agentsOf } from '../../store/queries/recent.ts';
import { alertTroubles, gateTroubles } from '../health/guard-troubles.ts';
import type { Trouble } from '../health/health-item.ts';
import { hookFaults } from '../health/hook-troubles.ts';
import { namesOf } from '../health/read-health.ts';
import { slowestHook } from '../health/slowest-hook.ts';
import { type CensusEntry, takeCensus } from '../hooks/census.ts';
import type { AgentHooks } from '../hooks/known-hooks.ts';
import { readMetrics } from '../reading/read-metrics.ts';
import { readStatus, type StatusReport } from '../reading/read-status.ts';
import type { Opened } from '../store/up-to-date.ts';
import { checkAllHooks } from './check-all-hooks.ts';
import { checkDaemon, type DaemonFacts } from './check-daemon.ts';
import { checkFiles, type FilesFacts } from './check-files.ts';
import { quietGuards, troubleFinding } from './check-guards.ts';
import { checkHookFiles } from './check-hook-files.ts';
import { checkHooks } from './check-hooks.ts';
import { checkLimits } from './check-limits.ts';
import { checkSetup, type SetupFacts } from './check-setup.ts';
import { checkSkipped } from './check-skipped.ts';
import { checkState } from './check-state.ts';
import { checkSwitches } from './check-switches.ts';
import { checkOff } from './configured/check-off.ts';
import { checkScripts } from './configured/check-scripts.ts';
import { checkSilent } from './configured/check-silent.ts';
import { checkUnits } from './configured/check-units.ts';
import { advice, type Check, type DoctorReport, type Finding } from './finding.ts';

export interface DoctorFacts extends SetupFacts, Pick<FilesFacts, 'places'> {
  readonly settings: Settings;
  readonly env: Environment;
  readonly opened: Opened;
  readonly daemon: DaemonFacts['running'];
  /** The hooks of every agent. */
  readonly known: readonly AgentHooks[];
  /** How far to look back for errors of hooks. */
  readonly windowHours: number;
  readonly now: () => number;
}

/** Runs every check. If a check itself fails, that is a finding too. Changes nothing. */
export function diagnose(facts: DoctorFacts): DoctorReport {
  const { settings, opened, env, now } = facts;
  const files = checkFiles({
    places: facts.places,
    paths: settings.paths,
    isOnHere: settings.enabled,
    onPath: facts.onPath,
    env,
  });
  // It reads what health tells itself, as far back as was asked.
  const status = readStatus(settings, opened, now, env, () => []);
  const checks = [
    ...checkSetup(facts),
    ...checkState(settings, status, opened.store),
    checkSkipped(status.skipped_guards, now()),
    checkSwitches(status),
    checkDaemon({ mode: settings.daemon, running: facts.daemon }),
    ...files.checks,
    ...checkHookFiles(facts.places),
    ...checkAllHooks(facts.places),
    ...checkConfigured(facts, files.unusable),
    ...checkRecord(facts, status, files),
  ];
  const findings = checks.flatMap((check) => check.findings);
  return {
    version: VERSION,
    window_hours: facts.windowHours,
    problems: findings.filter(({ severity }) => severity === 'problem').length,
    advice: findings.filter(({ severity }) => severity === 'advice').length,
    checks,
  };
}

/** How far to look back for what a hook did not do. */
const SILENT_HOURS = 7 * 24;

/** Checks the hooks that stand in files, whether or not they were ever recorded. */
function checkConfigured(facts: DoctorFacts, unusable: ReadonlySet<string>): Check[] {
  const { known } = facts;
  const entries = censusOf(facts);
  if (entries.length === 0 && known.every(({ problems }) => problems.length === 0)) return [];
  const problems = known.flatMap((one) => one.problems);
  const notes = known.flatMap(({ note }) => note ?? []);
  const off = checkOff(entries, problems, unusable);
  const unasked = notes.map((note) =>
    advice(note, 'A client knows of hooks that no file tells.', 'Type hookbus hooks to try again.'),
  );
  return [
    { ...off, findings: [...off.findings, ...unasked] },
    checkScripts(entries),
    checkUnits(entries),
    checkSilent(entries),
  ];
}

function censusOf({ opened, known, places, now }: DoctorFacts): CensusEntry[] {
  const since = new Date(now() - SILENT_HOURS * HOUR_MS).toISOString();
  try {
    const counted = opened.store?.use((db) => takeCensus(known, places, since, db));
    return counted ?? takeCensus(known, places, since);
  } catch (error) {
    if (!(error instanceof HookbusError)) throw error;
    return takeCensus(known, places, since);
  }
}

/** Checks the recorded executions. Returns nothing if the database cannot be used: `checkState` reports that. */
function checkRecord(
  { settings, opened, windowHours, now }: DoctorFacts,
  status: StatusReport,
  { hooks: installed, filesOf }: ReturnType<typeof checkFiles>,
): Check[] {
  const { store, problem } = opened;
  const { last_24_hours: lastDay, notices } = status;
  if (settings.paths === undefined || problem !== undefined) return [];
  const nowMs = now();
  const since = new Date(nowMs - windowHours * HOUR_MS).toISOString();
  const nothing = { problems: [], repeated: [], others: [], notices, since, nowMs, filesOf };
  if (store === undefined) return [checkHooks(nothing)];
  const isLastDay = windowHours === lastDay.window_hours;
  try {
    return store.use((db) => {
      // All of them, however long that takes: what is rare counts, too.
      const problems = allHookProblems(db, since);
      return [
        checkHooks({
          ...nothing,
          problems,
          repeated: allRepeatedRuns(db, since),
          others: [
            ...quietGuards(readScriptHistory(db)),
            ...otherTroubles(
              status,
              problems,
              slowestHook(db, isoOf(nowMs - DAY_MS), nowMs, namesOf(problems)),
              nowMs,
            ),
          ],
        }),
        checkLimits(
          (isLastDay ? lastDay : readMetrics(db, windowHours, nowMs)).hooks,
          installed,
          (name, event) => agentsOf(db, name, event),
        ),
      ];
    });
  } catch (error) {
    if (!(error instanceof HookbusError)) throw error;
    return [];
  }
}

/** What costs most time, and what gates and alerts know and executions do not tell. */
function otherTroubles(
  { gates, skipped_guards, alerts }: StatusReport,
  problems: readonly HookProblems[],
  slow: readonly Trouble[],
  nowMs: number,
): Finding[] {
  return [
    ...gateTroubles(gates, skipped_guards, problems, nowMs),
    ...alertTroubles(alerts.open, hookFaults(problems, namesOf(problems)), slow),
    ...slow,
  ].map(troubleFinding);
}
