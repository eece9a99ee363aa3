import { rmSync } from 'node:fs';
import type { StatePaths } from '../../config/home/paths.ts';
import { defaultHome, socketPath } from '../../config/home/paths.ts';
import { makeStateHome } from '../../config/home/state-home.ts';
import { askDaemon } from '../../daemon/client/client.ts';
import { startDaemon } from '../../daemon/client/start.ts';
import type { DaemonState } from '../../daemon/state.ts';
import { HookbusError } from '../../domain/errors.ts';
import { daemonEnvironment } from '../../os/daemon-environment.ts';
import { ownCommandLine, saveNodePath } from '../../os/own-program.ts';
import type { Surroundings } from '../words/command.ts';

/** The state of the running daemon; starts one if needed. @throws HookbusError `E_DAEMON` if it does not answer */
export async function ensureDaemon(
  paths: StatePaths,
  { env, node, script }: Surroundings,
): Promise<DaemonState> {
  makeStateHome(paths.home, env);
  saveNodePath(node, script, defaultHome(env));
  rmSync(paths.daemonTried, { force: true });
  const program = [...ownCommandLine(node, script), 'daemon', 'run'];
  const variables = daemonEnvironment(paths.home, { keepsRetention: true, env });
  const state =
    (await askDaemon(socketPath(paths.home))) ??
    (await startDaemon(socketPath(paths.home), program, variables));
  if (state !== undefined) return state;
  throw new HookbusError(
    'E_DAEMON',
    'the daemon was started but does not answer',
    `Its log is ${paths.log}. To run it in the foreground: hookbus daemon run`,
  );
}
