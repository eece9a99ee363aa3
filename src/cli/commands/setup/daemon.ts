import { setFlagsFromString } from 'node:v8';
import type { StatePaths } from '../../../config/home/paths.ts';
import { socketPath } from '../../../config/home/paths.ts';
import type { DaemonState } from '../../../daemon/state.ts';
import { formatAge, formatBytes } from '../../../format.ts';
import {
  type Answer,
  type Command,
  type Context,
  EXIT_CODES,
  type Given,
} from '../../words/command.ts';
import { invalidValue, readWord } from '../../words/values.ts';

const ACTIONS = ['start', 'stop', 'restart', 'status', 'run'] as const;
type Action = (typeof ACTIONS)[number];

/** The next execution starts another daemon, so exiting costs nothing. */
const DEFAULT_IDLE_SECONDS = 15 * 60;

export const daemonCommand: Command = {
  name: 'daemon',
  isHidden: true,
  summary: 'Start, stop or inspect the background process',
  usage: '[start|stop|restart|status|run] [options]',
  about: [
    'The daemon ingests what the launcher writes to the spool within milliseconds, and deletes executions past the retention period. An execution starts the daemon if none runs; the daemon exits after 15 minutes without work. Hooks never wait for it, and nothing is lost without it.',
    '`hookbus daemon run` runs it in the foreground until SIGTERM or SIGINT.',
  ],
  argument: { name: 'ACTION', describe: ACTIONS.join(', '), default: 'status', values: ACTIONS },
  options: {
    'idle-seconds': {
      value: 'N',
      describe: 'with run: exit after N seconds without work',
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
  const action = readWord('ACTION', given.argument ?? 'status', ACTIONS);
  const { requirePaths } = await import('../../../app/store/open-store.ts');
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
  return stateAnswer(await ensureDaemon(paths, context), context);
}

async function run(paths: StatePaths, idleMs: number, context: Context): Promise<Answer> {
  const { settings, now, env } = context;
  keepHeapSmall();
  const [{ readConfigFile }, { closeToOthers, makeStateHome }, { runDaemon }] = await Promise.all([
    import('../../../config/file/config-file.ts'),
    import('../../../config/home/state-home.ts'),
    import('../../../daemon/daemon.ts'),
  ]);
  makeStateHome(paths.home, env);
  closeToOthers(paths.home);
  // The default could delete what the user meant to keep.
  const isUnusable = settings.problems.some((text) => text.startsWith('HOOKBUS_RETENTION_DAYS:'));
  const wantedDays = settings.isRetentionGiven ? settings.retentionDays : undefined;
  const retentionDays = (): number | undefined => {
    const reading = readConfigFile(paths.config);
    // What root says for all users, nothing here changes.
    if (reading.policy.locked.has('retention_days')) return reading.config.retention_days;
    if (isUnusable || reading.state === 'refused') return undefined;
    // The environment can only lengthen the retention: a repository may have set it.
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
    idle: 'The daemon had no work and has exited.',
    replaced: 'The daemon has exited for a newer version.',
    another_runs: 'Another daemon already runs for this state directory.',
  };
  return { json: { ended: end }, lines: () => [words[end]] };
}

/** A separate bundle, so that no other command has to load the page. */
function loadDashboard(): typeof import('../../../dashboard/dashboard.ts') {
  // scripts/bundle-dashboard.js writes it beside this bundle.
  return require('./dashboard.cjs');
}

function stateAnswer(state: DaemonState | undefined, { now }: Context): Answer {
  if (state === undefined) {
    return {
      json: { running: false },
      lines: () => [
        'No daemon is running. The next execution starts one, unless HOOKBUS_DAEMON is off.',
      ],
    };
  }
  return {
    json: { running: true, ...state },
    lines: () => [
      `The daemon is running: pid ${state.pid}, version ${state.version}, started ${formatAge(new Date(state.started_at), now())}.`,
      `Since then it has ingested ${state.drained} executions; ${state.unreadable} records were unreadable.`,
      `It uses ${formatBytes(state.rss_bytes)} of memory.`,
    ],
  };
}

/**
 * V8 lets the heap grow for speed and keeps it: ingesting produces up to 60 MB of garbage beside the 6 MB in use. A
 * process that stays in the background for hours should be small instead.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--max-semi-space-size=1');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
  // The optimizing compiler takes up to 11 MB for a long function, and less than half for its parts.
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=200');
  setFlagsFromString('--max-optimized-bytecode-size=8000');
}

function readIdle(value: string | undefined): number {
  if (value === undefined) return DEFAULT_IDLE_SECONDS * 1000;
  const seconds = /^\d{1,7}(?:\.\d{1,3})?$/.test(value) ? Number(value) : 0;
  if (!(seconds > 0)) throw invalidValue('--idle-seconds', 'a number of seconds above 0', value);
  return seconds * 1000;
}
