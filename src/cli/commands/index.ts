import type { Command } from '../command.ts';
import { alertsCommand } from './alerts.ts';
import { cleanupCommand } from './cleanup.ts';
import { completionCommand } from './completion.ts';
import { configCommand } from './config.ts';
import { daemonCommand } from './daemon.ts';
import { dashboardCommand } from './dashboard.ts';
import { doctorCommand } from './doctor.ts';
import { exportCommand } from './export.ts';
import { installCommand } from './install.ts';
import { logsCommand } from './logs.ts';
import { metricsCommand } from './metrics.ts';
import { offCommand } from './off.ts';
import { onCommand } from './on.ts';
import { replayCommand } from './replay.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';
import { showCommand } from './show.ts';
import { statusCommand } from './status.ts';
import { traceCommand } from './trace.ts';
import { trustCommand } from './trust.ts';
import { uninstallCommand } from './uninstall.ts';

/** Every command, in the order in which one comes to need them. */
export const COMMANDS: readonly Command[] = [
  installCommand,
  runCommand,
  statusCommand,
  doctorCommand,
  logsCommand,
  showCommand,
  traceCommand,
  replayCommand,
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
  completionCommand,
];
