import type { Environment, Settings } from '../../config/settings.ts';
import { HookbusError } from '../../domain/errors.ts';
import { HOUR_MS } from '../../domain/time.ts';
import { VERSION } from '../../domain/version.ts';
import { readHookProblems, readRepeatedRuns } from '../../store/queries/problems.ts';
import { readMetrics } from '../reading/read-metrics.ts';
import { readStatus } from '../reading/read-status.ts';
import { openForCommand } from '../store/open-for-command.ts';
import { checkDaemon, type DaemonFacts } from './check-daemon.ts';
import { checkFiles, type FilesFacts } from './check-files.ts';
import { checkHooks } from './check-hooks.ts';
import { checkLimits } from './check-limits.ts';
import { checkSetup, type SetupFacts } from './check-setup.ts';
import { checkSkipped } from './check-skipped.ts';
import { checkState } from './check-state.ts';
import { checkSwitches } from './check-switches.ts';
import type { Check, DoctorReport } from './finding.ts';

export interface DoctorFacts extends SetupFacts, Pick<FilesFacts, 'places'> {
  readonly settings: Settings;
  readonly env: Environment;
  readonly daemon: DaemonFacts['running'];
  /** How far to look back for errors of hooks. */
  readonly windowHours: number;
  readonly now: () => number;
}

/** Runs every check. If a check itself fails, that is a finding too. Changes nothing. */
export function diagnose(facts: DoctorFacts): DoctorReport {
  const { settings, env, now } = facts;
  const files = checkFiles({
    places: facts.places,
    paths: settings.paths,
    isOnHere: settings.enabled,
    onPath: facts.onPath,
    env,
  });
  const status = readStatus(settings, now, env);
  const checks = [
    ...checkSetup(facts),
    ...checkState(settings, status, now),
    checkSkipped(status.skipped_guards),
    checkSwitches(status),
    checkDaemon({ mode: settings.daemon, running: facts.daemon }),
    ...files.checks,
    ...checkRecord(facts, files.hooks),
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

/** Checks the recorded executions. Returns nothing if the database cannot be used: `checkState` reports that. */
function checkRecord(
  { settings, windowHours, now }: DoctorFacts,
  installed: ReturnType<typeof checkFiles>['hooks'],
): Check[] {
  if (settings.paths === undefined) return [];
  let store: ReturnType<typeof openForCommand>;
  try {
    store = openForCommand(settings.paths, now);
    if (store === undefined) return [checkHooks([], [])];
    const since = new Date(now() - windowHours * HOUR_MS).toISOString();
    return store.use((db) => [
      checkHooks(readHookProblems(db, since), readRepeatedRuns(db, since)),
      checkLimits(readMetrics(db, windowHours, now()).hooks, installed),
    ]);
  } catch (error) {
    if (!(error instanceof HookbusError)) throw error;
    return [];
  } finally {
    store?.close();
  }
}
