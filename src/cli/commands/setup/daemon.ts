import { setFlagsFromString } from 'node:v8';
import type { StatePaths } from '../../../config/home/paths.ts';
import { socketPath } from '../../../config/home/paths.ts';
import type { DaemonState } from '../../../daemon/state.ts';
import { formatAge, formatBytes } from '../../output/format.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
} from '../../words/command.ts';
import { expected } from '../../words/values.ts';

const ACTIONS = ['start', 'stop', 'restart', 'status', 'run'] as const;
type Action = (typeof ACTIONS)[number];

/** The next run starts another, so that leaving costs nobody anything. */
const DEFAULT_IDLE_SECONDS = 15 * 60;

export const daemonCommand: Command = {
  name: 'daemon',
  summary: 'Start, stop or look at the background process',
  usage: '[start|stop|restart|status|run] [options]',
  about: [
    'The daemon takes what the launcher leaves in the spool into the database, within milliseconds, and deletes what is past its retention. The first run that finds none starts it; it leaves when there is nothing to do for 15 minutes. Hooks never wait for it, and nothing is lost without it.',
    'run is the daemon itself, in the foreground, until SIGTERM or SIGINT.',
  ],
  argument: { name: 'ACTION', describe: ACTIONS.join(', '), default: 'status', values: ACTIONS },
  options: {
    'idle-seconds': {
      value: 'N',
      describe: 'with run: leave after so many seconds without work',
      default: String(DEFAULT_IDLE_SECONDS),
    },
  },
  exitCodes: EXIT_CODES,
  examples: [
    ['hookbus daemon', 'whether it runs, since when, and what it did'],
    ['hookbus daemon restart', 'after an update'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const action = ACTIONS.find((word) => word === (given.argument ?? 'status'));
  if (action === undefined) throw expected('ACTION', ACTIONS.join(', '), given.argument ?? '');
  const { requirePaths } = await import('../../../app/store/open-for-command.ts');
  const paths = requirePaths(context.settings);
  return act(action, paths, given, context);
}

async function act(
  action: Action,
  paths: StatePaths,
  given: Given,
  context: Context,
): Promise<Answer> {
  const { askDaemon, stopDaemon } = await import('../../../daemon/client/client.ts');
  switch (action) {
    case 'run':
      return run(paths, readIdle(given.value('idle-seconds')), context);
    case 'status':
      return stateAnswer(await askDaemon(socketPath(paths.home)), context);
    case 'stop': {
      const hasStopped = await stopDaemon(socketPath(paths.home));
      return {
        json: { stopped: hasStopped },
        lines: () => [hasStopped ? 'The daemon has stopped.' : 'No daemon was running.'],
      };
    }
    case 'restart':
      await stopDaemon(socketPath(paths.home));
      return start(paths, context);
    case 'start':
      return start(paths, context);
  }
}

async function start(paths: StatePaths, context: Context): Promise<Answer> {
  const { ensureDaemon } = await import('../../terminal/ensure-daemon.ts');
  return stateAnswer(await ensureDaemon(paths), context);
}

async function run(paths: StatePaths, idleMs: number, { settings, now }: Context): Promise<Answer> {
  keepHeapSmall();
  const [{ readConfigFile }, { closeToOthers, makeStateHome }, { runDaemon }] = await Promise.all([
    import('../../../config/file/config-file.ts'),
    import('../../../config/home/state-home.ts'),
    import('../../../daemon/daemon.ts'),
  ]);
  makeStateHome(paths.home);
  closeToOthers(paths.home);
  // The default could delete what somebody meant to keep.
  const isUnusable = settings.problems.some((text) => text.startsWith('HOOKBUS_RETENTION_DAYS:'));
  const wantedDays = settings.isRetentionGiven ? settings.retentionDays : undefined;
  const retentionDays = (): number | undefined => {
    const reading = readConfigFile(paths.config);
    if (isUnusable || reading.state === 'refused') return undefined;
    // The variable of whoever starts it can have more kept, and never less: it may be a repository's.
    return Math.max(reading.config.retention_days, wantedDays ?? 0);
  };
  const stop = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(signal, () => resolve());
  });
  const end = await runDaemon(
    {
      paths,
      socketPath: socketPath(paths.home),
      retentionDays,
      idleMs,
      now,
      dashboard: (parts) => loadDashboard().createDashboard(parts),
    },
    stop,
  );
  const words = {
    stopped: 'The daemon has stopped.',
    idle: 'The daemon had nothing to do and has left.',
    replaced: 'The daemon has left for a newer version.',
    another_runs: 'Another daemon runs for this state directory.',
  };
  return { json: { ended: end }, lines: () => [words[end]] };
}

/** Loaded from a bundle of its own, so that no other command has to read past the page. */
function loadDashboard(): typeof import('../../../dashboard/dashboard.ts') {
  // Beside the bundle that this is part of; scripts/bundle-dashboard.js makes it.
  return require('./dashboard.cjs');
}

function stateAnswer(state: DaemonState | undefined, { now }: Context): Answer {
  if (state === undefined) {
    return {
      json: { running: false },
      lines: () => [
        'No daemon runs. The next run of a hook starts one, unless HOOKBUS_DAEMON is off.',
      ],
    };
  }
  return {
    json: { running: true, ...state },
    lines: () => [
      `The daemon runs: pid ${state.pid}, version ${state.version}, started ${formatAge(new Date(state.started_at), now())}.`,
      `Since then it took in ${state.drained} executions; ${state.unreadable} records could not be read.`,
      `It uses ${formatBytes(state.rss_bytes)} of memory.`,
    ],
  };
}

/**
 * V8 lets its heap grow for speed and keeps it: a drain makes garbage of up to 60 MB beside the 6 that are in use. What
 * sits in the background for hours should be small instead.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--max-semi-space-size=1');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
}

function readIdle(value: string | undefined): number {
  if (value === undefined) return DEFAULT_IDLE_SECONDS * 1000;
  const seconds = /^\d{1,7}(?:\.\d{1,3})?$/.test(value) ? Number(value) : 0;
  if (!(seconds > 0)) throw expected('--idle-seconds', 'a number of seconds above 0', value);
  return seconds * 1000;
}
