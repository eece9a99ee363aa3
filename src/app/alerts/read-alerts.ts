import { DEFAULT_CONFIG, readConfigFile } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { listAlerts } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import type { AlertReport } from './alert-report.ts';
import { reportNow } from './numbers-of-now.ts';
import type { AlertsConfig } from './rule.ts';

/** The alerts in `status` and `hookbus alerts`. */
export interface AlertsReport {
  /** Whether config.json enables alerts. */
  readonly enabled: boolean;
  readonly rules_off: readonly string[];
  /** Which actions are set up. */
  readonly actions: {
    readonly command: boolean;
    readonly webhook: boolean;
    readonly desktop: boolean;
  };
  /** The latest first. */
  readonly open: readonly AlertReport[];
}

/** @param db undefined if there is no database that can be used */
export function readAlerts(
  paths: StatePaths,
  db: Database | undefined,
  nowMs: number,
): AlertsReport {
  const config = configOf(paths);
  return {
    enabled: config.enabled,
    rules_off: config.rules_off,
    actions: {
      command: config.command !== '',
      webhook: config.webhook !== '',
      desktop: config.desktop,
    },
    open: db === undefined ? [] : reportAll(db, undefined, config, nowMs),
  };
}

export const NO_ALERTS: AlertsReport = {
  enabled: DEFAULT_CONFIG.alerts.enabled,
  rules_off: [],
  actions: { command: false, webhook: false, desktop: false },
  open: [],
};

/** Alerts that are open or were cleared since then; the latest first. */
export function readAlertHistory(
  paths: StatePaths,
  db: Database,
  since: string,
  nowMs: number,
): AlertReport[] {
  return reportAll(db, since, configOf(paths), nowMs);
}

function reportAll(
  db: Database,
  since: string | undefined,
  config: AlertsConfig,
  nowMs: number,
): AlertReport[] {
  return listAlerts(db, since).map((row) => reportNow(db, row, config, nowMs));
}

/** Reports the policy and the defaults if config.json cannot be used: only the daemon knows the last valid configuration. */
function configOf({ config }: StatePaths) {
  return readConfigFile(config).config.alerts;
}
