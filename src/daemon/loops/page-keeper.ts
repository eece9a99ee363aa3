import type { CreateDashboard } from '../../dashboard/dashboard.ts';
import { reasonOf } from '../../domain/errors.ts';
import { encodeDashboard } from '../../protocol/socket.ts';
import type { Connection } from '../listener.ts';
import type { Log } from '../log.ts';

/** Loads the dashboard when a command first asks for it: most daemons never serve it. */
export function createPageKeeper(
  create: CreateDashboard | undefined,
  parts: Parameters<CreateDashboard>[0],
  log: Log,
) {
  let dashboard: ReturnType<CreateDashboard> | undefined;

  async function open(): Promise<string> {
    if (create === undefined) throw new Error('this daemon was started without a dashboard');
    dashboard ??= create(parts);
    return dashboard.open();
  }

  return {
    /** Sends the dashboard's URL to the command that asked for it. */
    answer(connection: Connection): void {
      open()
        .then((url) => connection.send(encodeDashboard({ url })))
        .catch((error: unknown) => {
          const reason = reasonOf(error);
          log('dashboard_failed', { reason });
          connection.send(encodeDashboard({ problem: reason }));
        });
    },
    isWatched: (): boolean => dashboard?.isWatched() === true,
    notify: (): void => dashboard?.tell(),
    stop: async (): Promise<void> => dashboard?.stop(),
  };
}
