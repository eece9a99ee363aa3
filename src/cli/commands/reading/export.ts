import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandStore } from '../../../app/store/up-to-date.ts';
import type { StatePaths } from '../../../config/home/paths.ts';
import { socketPath } from '../../../config/home/paths.ts';
import { HookbusError, reasonOf } from '../../../domain/errors.ts';
import { VERSION } from '../../../domain/version.ts';
import type { MetricsSnapshot } from '../../../exporters/snapshot.ts';
import { replaceFile } from '../../../os/replace-file.ts';
import { withStore } from '../../terminal/with-store.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
} from '../../words/command.ts';
import { requireWord } from '../../words/values.ts';

const FORMATS = ['prometheus'] as const;

export const exportCommand: Command = {
  name: 'export',
  summary: 'Print metrics for Prometheus',
  isHidden: true,
  usage: 'prometheus [options]',
  about: [
    'Prints in the text format of Prometheus what the daemon serves at /metrics; it needs no daemon. The counts cover everything ever recorded, even what retention has deleted since.',
    'With --file, writes a file for the textfile collector of node_exporter. The file is replaced atomically.',
    'To send metrics continuously to Prometheus, StatsD or OpenTelemetry, use config.json.',
  ],
  argument: { name: 'FORMAT', describe: FORMATS.join(', ') },
  options: {
    file: {
      value: 'PATH',
      describe: 'write to this file, which everyone on this machine can read',
    },
  },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus export prometheus | promtool check metrics', 'check the output'],
    ['hookbus export prometheus --file /var/lib/node_exporter/hookbus.prom', 'from a timer'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  requireWord('FORMAT', given.argument, FORMATS);
  const [{ requirePaths }, { prometheusJson, prometheusText }] = await Promise.all([
    import('../../../app/store/open-store.ts'),
    import('../../../exporters/prometheus.ts'),
  ]);
  const paths = requirePaths(context.settings);
  const snapshot = await withStore(context, (store) => readAll(paths, store, context));
  const text = await prometheusText(snapshot);
  const file = given.value('file');
  if (file === undefined) {
    const json = { metrics: await prometheusJson(snapshot) };
    return { json, lines: () => text.trimEnd().split('\n') };
  }
  writeMetrics(resolve(context.cwd(), file), text);
  return { json: { file }, lines: () => [] };
}

async function readAll(
  paths: StatePaths,
  store: CommandStore | undefined,
  { now }: Context,
): Promise<MetricsSnapshot> {
  const [{ readSnapshot }, { exportConfig }, { askDaemon }, { createSpool }] = await Promise.all([
    import('../../../app/export/read-snapshot.ts'),
    import('../../../app/export/identity.ts'),
    import('../../../daemon/client/client.ts'),
    import('../../../spool/spool.ts'),
  ]);
  const daemon = await askDaemon(socketPath(paths.home));
  // An older daemon reports no exporters.
  const exporters = (daemon?.exporters ?? []).filter(({ name }) => name !== 'prometheus');
  if (store === undefined) {
    return {
      version: VERSION,
      resource: undefined,
      totals: [],
      decisions: [],
      breakers: [],
      alerts: [],
      spoolPending: 0,
      databaseBytes: 0,
      exporters,
    };
  }
  const spool = createSpool(paths.spool, paths.quarantine);
  const config = exportConfig(paths);
  return readSnapshot({ use: store.use, config, spool, now, exporters, pause: nextTurn });
}

function writeMetrics(file: string, text: string): void {
  try {
    replaceFile(file, text, { mode: 0o644 });
  } catch (error) {
    const reason = reasonOf(error);
    throw new HookbusError('E_USAGE', `--file cannot be written: ${reason}`);
  }
}
