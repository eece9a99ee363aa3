import type { Command } from '../command.ts';
import { cleanupCommand } from './cleanup.ts';
import { daemonCommand } from './daemon.ts';
import { logsCommand } from './logs.ts';
import { metricsCommand } from './metrics.ts';
import { runCommand } from './run.ts';
import { showCommand } from './show.ts';
import { statusCommand } from './status.ts';

/** Every command, in the order in which one comes to need them. */
export const COMMANDS: readonly Command[] = [
  runCommand,
  statusCommand,
  logsCommand,
  showCommand,
  metricsCommand,
  cleanupCommand,
  daemonCommand,
];
