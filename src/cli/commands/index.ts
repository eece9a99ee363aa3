import type { Command } from '../words/command.ts';
import { drillCommand } from './hooks/drill.ts';
import { explainCommand } from './hooks/explain.ts';
import { hooksCommand } from './hooks/hooks.ts';
import { offCommand } from './hooks/off.ts';
import { onCommand } from './hooks/on.ts';
import { replayCommand } from './hooks/replay.ts';
import { runCommand } from './hooks/run.ts';
import { testCommand } from './hooks/test.ts';
import { trustCommand } from './hooks/trust.ts';
import { alertsCommand } from './reading/alerts.ts';
import { dashboardCommand } from './reading/dashboard.ts';
import { exportCommand } from './reading/export.ts';
import { logsCommand } from './reading/logs.ts';
import { metricsCommand } from './reading/metrics.ts';
import { reportCommand } from './reading/report.ts';
import { sessionsCommand } from './reading/sessions.ts';
import { showCommand } from './reading/show.ts';
import { statusCommand } from './reading/status.ts';
import { traceCommand } from './reading/trace.ts';
import { cleanupCommand } from './setup/cleanup.ts';
import { completionCommand } from './setup/completion.ts';
import { configCommand } from './setup/config.ts';
import { daemonCommand } from './setup/daemon.ts';
import { disableCommand } from './setup/disable.ts';
import { doctorCommand } from './setup/doctor.ts';
import { enableCommand } from './setup/enable.ts';
import { installCommand } from './setup/install.ts';
import { uninstallCommand } from './setup/uninstall.ts';
import { wrapCommand } from './setup/wrap.ts';

/** Every command, in the order of the overview. */
export const COMMANDS: readonly Command[] = [
  installCommand,
  enableCommand,
  disableCommand,
  runCommand,
  statusCommand,
  doctorCommand,
  hooksCommand,
  logsCommand,
  showCommand,
  sessionsCommand,
  traceCommand,
  replayCommand,
  testCommand,
  explainCommand,
  drillCommand,
  metricsCommand,
  reportCommand,
  alertsCommand,
  dashboardCommand,
  offCommand,
  onCommand,
  cleanupCommand,
  configCommand,
  daemonCommand,
  exportCommand,
  trustCommand,
  uninstallCommand,
  wrapCommand,
  completionCommand,
];
