import { rmSync } from 'node:fs';
import type { StatePaths } from '../config/paths.ts';
import { hookEnvironment } from '../config/settings.ts';
import { socketPath } from '../config/socket-path.ts';
import type { DaemonState } from '../daemon/state.ts';
import { HookbusError } from '../domain/errors.ts';

/** The daemon of the state directory, started where none runs. @throws HookbusError `E_DAEMON` */
export async function ensureDaemon(paths: StatePaths): Promise<DaemonState> {
  const [{ makeStateHome }, { startDaemon }, { askDaemon }] = await Promise.all([
    import('../config/state-home.ts'),
    import('../daemon/start.ts'),
    import('../daemon/client.ts'),
  ]);
  makeStateHome(paths.home);
  rmSync(paths.daemonTried, { force: true });
  const [, script = ''] = process.argv;
  // A relative path means another place from where the daemon will be.
  const env = hookEnvironment({ HOOKBUS_HOME: paths.home });
  const state =
    (await askDaemon(socketPath(paths.home))) ??
    (await startDaemon(socketPath(paths.home), [process.execPath, script, 'daemon', 'run'], env));
  if (state === undefined) {
    throw new HookbusError(
      'E_DAEMON',
      'the daemon was started and does not answer',
      `Its log is ${paths.log}. Run it in the foreground to see more: hookbus daemon run`,
    );
  }
  return state;
}
