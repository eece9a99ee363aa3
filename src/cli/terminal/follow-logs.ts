import { requirePaths } from '../../app/store/open-for-command.ts';
import { socketPath } from '../../config/home/paths.ts';
import { askDaemon } from '../../daemon/client/client.ts';
import { followDaemon } from '../../daemon/client/follow.ts';
import { HookbusError } from '../../domain/errors.ts';
import type { FollowedExecutions, FollowRequest } from '../../protocol/follow.ts';
import type { LogRow } from '../../store/columns.ts';
import { createFollowedTable } from '../output/executions/followed-table.ts';
import { formatThings } from '../output/format.ts';
import type { Context, LiveAnswer, LiveOutput } from '../words/command.ts';
import { ensureDaemon } from './ensure-daemon.ts';
import { withStore } from './with-store.ts';

/** Executions as they are recorded, told by the daemon, until Ctrl-C or until nobody reads them. */
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
      // Of a database that cannot be used the daemon would say nothing here.
      await withStore(context, () => undefined);
      if (process.stderr.isTTY) process.stderr.write('Ctrl-C ends this.\n');
      await followDaemon({
        socketPath: path,
        request: { ...filter, after: undefined },
        take: isJson ? takeJson(output) : takeLines(output),
        async ensureDaemon() {
          if (settings.daemon === 'auto') await ensureDaemon(paths);
          else if ((await askDaemon(path)) === undefined) throw switchedOff();
        },
      });
      throw new HookbusError(
        'E_DAEMON',
        'the daemon that runs does not let itself be followed: it is of another version, or too many follow it',
        'To have one of this version: hookbus daemon restart',
      );
    },
  };
}

function switchedOff(): HookbusError {
  return new HookbusError(
    'E_DAEMON',
    'the daemon tells of executions as they come, and HOOKBUS_DAEMON is off',
    'Start it by hand: hookbus daemon start',
  );
}

const takeJson =
  (output: LiveOutput) =>
  async ({ rows, skipped }: FollowedExecutions): Promise<void> => {
    if (skipped > 0) await output.json([{ left_out: skipped }]);
    await output.json(rows.map((row) => JSON.parse(row) as unknown));
  };

function takeLines(output: LiveOutput) {
  const linesOf = createFollowedTable(output.page);
  return async ({ rows, skipped }: FollowedExecutions): Promise<void> => {
    if (skipped > 0) {
      const count = formatThings(skipped, 'execution');
      const said = `${count} left out, to keep up; \`hookbus logs\` has them.`;
      await output.lines([output.page.paint(said, 'warn')]);
    }
    await output.lines(linesOf(rows.map((row) => JSON.parse(row) as LogRow)));
  };
}
