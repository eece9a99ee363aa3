import { findOnPath, readPlaces } from '../../../agents/settings/agent-places.ts';
import { socketPath } from '../../../config/home/paths.ts';
import type { DaemonState } from '../../../daemon/state.ts';
import { briefLines } from '../../output/state/brief.ts';
import { type StatusFacts, statusLines } from '../../output/state/status.ts';
import { withOpened } from '../../terminal/with-store.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'Show whether recording is on, and the state of hookbus',
  isPaged: true,
  usage: '[options]',
  about: [
    'Shows whether recording is on in this shell, where executions are recorded, how many wait in the spool, a summary of the last 24 hours, and every warning about settings and command lines.',
    'An agent may have other settings than this shell: its hooks use those in its settings file.',
  ],
  options: {
    brief: {
      describe:
        'print what is wrong as one line, and nothing if all is well; for prompts and scripts',
    },
  },
  exitCodes: [
    ['0', 'done, even if something is wrong'],
    ['1', 'an option is invalid'],
  ],
  examples: [
    ['hookbus status', 'is recording on, and is all well?'],
    ['hookbus status --brief', 'the worst trouble, in one line'],
    ["hookbus status --json | jq '.spool.waiting'", 'for programs'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const { settings, now, env, cwd } = context;
  const [{ readStatus }, { checkFiles }, { stateFindings }, { readRecording }, { withFindings }] =
    await Promise.all([
      import('../../../app/reading/read-status.ts'),
      import('../../../app/doctor/check-files.ts'),
      import('../../../app/doctor/check-state.ts'),
      import('../../../app/health/read-recording.ts'),
      import('../../../app/health/read-health.ts'),
    ]);
  const { askDaemon } = await import('../../../daemon/client/client.ts');
  const home = settings.paths?.home;
  const daemon = home === undefined ? undefined : await askDaemon(socketPath(home));
  const status = await withOpened(context, (opened) => readStatus(settings, opened, now, env));
  const files = checkFiles({
    places: readPlaces(env, cwd()),
    paths: settings.paths,
    env,
    isOnHere: settings.enabled,
    onPath: findOnPath(env),
  });
  // Whether recording is on is the first thing that it says.
  const found = files.checks.filter(({ name }) => name !== 'recording');
  const report = {
    ...status,
    health: withFindings(status.health, [
      ...found.flatMap(({ findings }) => findings),
      ...stateFindings(settings, status),
    ]),
    recording: readRecording(files.inspected, settings.enabled),
    daemon_process: daemon === undefined ? null : { pid: daemon.pid, version: daemon.version },
    shared_keys: (daemon?.shared_keys ?? []).map(({ connected, ...server }) => ({
      state: connected ? ('connected' as const) : ('unreachable' as const),
      ...server,
    })),
    exporters: await exportersOf(settings.paths?.config, daemon),
    certificates: daemon?.certificates ?? null,
  };
  const userHome = env['HOME'];
  return {
    json: report,
    lines: (page) =>
      given.isOn('brief') ? briefLines(report) : statusLines(report, userHome, page),
  };
}

/** The exporters as the daemon reports them; without a daemon, those that config.json and root's policy switch on. */
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
  const inForce = readConfigFile(config).config;
  return EXPORTERS.filter(({ name }) => inForce[name].enabled).map(({ name }) => ({
    ...{ name, target: null, state: 'no_daemon', last_error: null },
    ...{ sent: 0, dropped: 0, failures: 0 },
  }));
}
