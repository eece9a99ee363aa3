import { requirePaths } from '../../app/store/open-store.ts';
import { socketPath } from '../../config/home/paths.ts';
import { askDaemon } from '../../daemon/client/client.ts';
import { followDaemon } from '../../daemon/client/follow.ts';
import { HookbusError } from '../../domain/errors.ts';
import { formatThings } from '../../format.ts';
import type { FollowedExecutions, FollowRequest } from '../../protocol/follow.ts';
import type { LogRow } from '../../store/columns.ts';
import { createFollowedTable } from '../output/executions/followed-table.ts';
import type { Context, LiveAnswer, LiveOutput } from '../words/command.ts';
import { ensureDaemon } from './ensure-daemon.ts';
import { withDatabase } from './with-store.ts';

/** Prints executions as the daemon reports them, until Ctrl-C or until the output is closed. */
export function followLogs(
  filter: Omit<FollowRequest, 'after'>,
  isJson: boolean,
  context: Context,
): LiveAnswer {
  const { settings } = context;
  const paths = requirePaths(settings);
  const path = socketPath(paths.home);
  return {
    async live(output) {
      // The daemon would not report a database that cannot be used.
      await withDatabase(context, () => undefined);
      context.remark('Press Ctrl-C to stop.\n');
      await followDaemon({
        socketPath: path,
        request: { ...filter, after: undefined },
        take: isJson ? writeJson(output) : writeLines(output),
        async ensureDaemon() {
          if (settings.daemon === 'auto') await ensureDaemon(paths, context);
          else if ((await askDaemon(path)) === undefined) throw daemonIsOff();
        },
      });
      throw new HookbusError(
        'E_DAEMON',
        'the running daemon refused to follow: it has another version, or too many clients follow it',
        'To start one of this version: hookbus daemon restart',
      );
    },
  };
}

function daemonIsOff(): HookbusError {
  return new HookbusError(
    'E_DAEMON',
    '--follow needs the daemon, and HOOKBUS_DAEMON is off',
    'To start it: hookbus daemon start',
  );
}

const writeJson =
  (output: LiveOutput) =>
  async ({ rows, skipped }: FollowedExecutions): Promise<void> => {
    if (skipped > 0) await output.json([{ left_out: skipped }]);
    await output.json(rows.map((row) => JSON.parse(row) as unknown));
  };

function writeLines(output: LiveOutput) {
  const linesOf = createFollowedTable(output.page);
  return async ({ rows, skipped }: FollowedExecutions): Promise<void> => {
    if (skipped > 0) {
      const count = formatThings(skipped, 'execution');
      const note = `${count} skipped to keep up; \`hookbus logs\` shows them.`;
      await output.lines([output.page.paint(note, 'warn')]);
    }
    await output.lines(linesOf(rows.map((row) => JSON.parse(row) as LogRow)));
  };
}
