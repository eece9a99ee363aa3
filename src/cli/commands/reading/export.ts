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
  type LiveAnswer,
  type LiveOutput,
} from '../../words/command.ts';
import { FILTERS, readFilter } from '../../words/filters.ts';
import { requireWord, usageError } from '../../words/values.ts';

const FORMATS = ['prometheus', 'jsonl'] as const;

/** Rows read at a time, without and with payloads, of which one row may have 200 MB. */
const PAGE_ROWS = 500;
const PAGE_PAYLOADS = 1;

export const exportCommand: Command = {
  name: 'export',
  summary: 'Print metrics for Prometheus, or executions for a SIEM',
  isHidden: true,
  usage: 'prometheus|jsonl [options]',
  about: [
    'prometheus prints in the text format of Prometheus what the daemon serves at /metrics; it needs no daemon. The counts cover everything ever recorded, even what retention has deleted since. With --file, writes a file for the textfile collector of node_exporter. The file is replaced atomically.',
    'jsonl prints executions, the oldest first, one JSON object a line, for a SIEM or a script; docs/execution.schema.json describes it. Secrets are replaced also where they were stored, and payloads stay here without --payloads.',
    'To send metrics continuously to Prometheus, StatsD or OpenTelemetry, use config.json.',
  ],
  argument: { name: 'FORMAT', describe: FORMATS.join(', '), values: FORMATS },
  options: {
    file: {
      value: 'PATH',
      describe: 'with prometheus: write to this file, which everyone on this machine can read',
    },
    since: { ...FILTERS.since, describe: `with jsonl: ${FILTERS.since.describe}` },
    until: { ...FILTERS.until, describe: `with jsonl: ${FILTERS.until.describe}` },
    payloads: { describe: 'with jsonl: also payloads that are stored, and variables of the agent' },
  },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus export prometheus | promtool check metrics', 'check the output'],
    ['hookbus export prometheus --file /var/lib/node_exporter/hookbus.prom', 'from a timer'],
    ['hookbus export jsonl --since 1h', 'what ran in the last hour'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer | LiveAnswer> {
  if (requireWord('FORMAT', given.argument, FORMATS) === 'jsonl') return jsonl(given, context);
  for (const name of ['since', 'until', 'payloads'] as const)
    if (given.isOn(name) || given.value(name) !== undefined)
      throw usageError(`--${name} is an option of export jsonl`);
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

async function jsonl(given: Given, context: Context): Promise<LiveAnswer> {
  if (given.value('file') !== undefined)
    throw usageError('--file is an option of export prometheus');
  const { since, until } = await readFilter(given, context);
  const isFull = given.isOn('payloads');
  const [{ executionLine }, { exportConfig, readIdentity }, { createPages }, { findPayloads }] =
    await Promise.all([
      import('../../output/executions/execution-line.ts'),
      import('../../../app/export/identity.ts'),
      import('../../../store/export/pages.ts'),
      import('../../../app/reading/find-execution.ts'),
    ]);
  const live = ({ json }: LiveOutput) =>
    withStore(context, async (store) => {
      if (store === undefined || context.settings.paths === undefined) return;
      const config = exportConfig(context.settings.paths);
      const resource = store.use((db) => readIdentity(db, config).attributes);
      const nextPage = createPages({ since, until, limit: isFull ? PAGE_PAYLOADS : PAGE_ROWS });
      const nextLines = () =>
        store.use((db) =>
          nextPage(db).map((row) =>
            executionLine(row, resource, isFull ? findPayloads(db, row.id) : undefined),
          ),
        );
      for (let lines = nextLines(); lines.length > 0; lines = nextLines()) await json(lines);
    });
  return { live };
}

async function readAll(
  paths: StatePaths,
  store: CommandStore | undefined,
  { now }: Context,
): Promise<MetricsSnapshot> {
  const [{ readSnapshot }, { exportConfig }, { askDaemon }, { createSpool }, { countSpool }] =
    await Promise.all([
      import('../../../app/export/read-snapshot.ts'),
      import('../../../app/export/identity.ts'),
      import('../../../daemon/client/client.ts'),
      import('../../../spool/spool.ts'),
      import('../../../app/recording/spool-record.ts'),
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
  const countWaiting = (): number => countSpool(spool).waiting;
  return readSnapshot({ use: store.use, config, countWaiting, now, exporters, pause: nextTurn });
}

function writeMetrics(file: string, text: string): void {
  try {
    replaceFile(file, text, { mode: 0o644 });
  } catch (error) {
    const reason = reasonOf(error);
    throw new HookbusError('E_USAGE', `--file cannot be written: ${reason}`);
  }
}
