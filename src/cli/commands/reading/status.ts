import { socketPath } from '../../../config/home/paths.ts';
import type { DaemonState } from '../../../daemon/state.ts';
import { type StatusFacts, statusLines } from '../../output/state/status.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'Show whether hookbus is on, and how it is doing',
  usage: '[options]',
  about: [
    'Shows whether recording is on in this shell, where it goes, what waits in the spool, the last 24 hours at a glance, and every mistake that was found in settings and command lines.',
    'An agent may have other settings than this shell: those in its settings file count for its hooks.',
  ],
  options: {},
  exitCodes: [
    ['0', 'always; what is wrong is part of the answer'],
    ['1', 'an option cannot be used'],
  ],
  examples: [
    ['hookbus status', 'is it on, and is all well?'],
    ["hookbus status --json | jq '.spool.waiting'", 'for programs'],
  ],
  perform,
};

async function perform(_given: Given, { settings, now }: Context): Promise<Answer> {
  const [{ readStatus }, { askDaemon }] = await Promise.all([
    import('../../../app/reading/read-status.ts'),
    import('../../../daemon/client/client.ts'),
  ]);
  const home = settings.paths?.home;
  const daemon = home === undefined ? undefined : await askDaemon(socketPath(home));
  const report = {
    ...readStatus(settings, now),
    shared_keys: (daemon?.shared_keys ?? []).map(({ connected, ...server }) => ({
      state: connected ? ('connected' as const) : ('unreachable' as const),
      ...server,
    })),
    exporters: await exportersOf(settings.paths?.config, daemon),
    certificates: daemon?.certificates ?? null,
  };
  return { json: report, lines: (page) => statusLines(report, page) };
}

/** What the daemon says of them; without one, those that config.json switches on and that nobody serves now. */
async function exportersOf(
  config: string | undefined,
  daemon: DaemonState | undefined,
): Promise<NonNullable<StatusFacts['exporters']>> {
  if (config === undefined) return [];
  if (daemon !== undefined) return daemon.exporters ?? [];
  const [{ readConfigFile }, { EXPORTERS }] = await Promise.all([
    import('../../../config/file/config-file.ts'),
    import('../../../exporters/index.ts'),
  ]);
  const reading = readConfigFile(config);
  if (reading.state === 'refused') return [];
  return EXPORTERS.filter(({ name }) => reading.config[name].enabled).map(({ name }) => ({
    ...{ name, target: null, state: 'no_daemon', last_error: null },
    ...{ sent: 0, dropped: 0, failures: 0 },
  }));
}
