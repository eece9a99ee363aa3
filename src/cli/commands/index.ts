import type { Command } from '../command.ts';
import { alertsCommand } from './alerts.ts';
import { cleanupCommand } from './cleanup.ts';
import { configCommand } from './config.ts';
import { daemonCommand } from './daemon.ts';
import { doctorCommand } from './doctor.ts';
import { installCommand } from './install.ts';
import { logsCommand } from './logs.ts';
import { metricsCommand } from './metrics.ts';
import { offCommand } from './off.ts';
import { onCommand } from './on.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';
import { showCommand } from './show.ts';
import { statusCommand } from './status.ts';
import { uninstallCommand } from './uninstall.ts';

/** Every command, in the order in which one comes to need them. */
export const COMMANDS: readonly Command[] = [
  installCommand,
  runCommand,
  statusCommand,
  doctorCommand,
  logsCommand,
  showCommand,
  metricsCommand,
  reportCommand,
  alertsCommand,
  offCommand,
  onCommand,
  cleanupCommand,
  configCommand,
  daemonCommand,
  uninstallCommand,
];
