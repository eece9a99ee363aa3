import { existsSync } from 'node:fs';
import type { AgentName } from '../../agents/settings/agent-settings.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import type { FoundFile } from './find-settings.ts';
import { tryInspect } from './inspect-settings.ts';
import type { InstallRequest } from './install.ts';
import { createLedger } from './settings-ledger.ts';

/** Whether a settings file that stays unchanged already enables recording. */
export function isSwitchedOnElsewhere({ agent, otherFiles }: InstallRequest): boolean {
  return otherFiles.some(({ path }) => tryInspect(path, agent)?.isEnabled === true);
}

/** The existing files of an agent that `install` changed and `uninstall` has not restored. */
export function installedFiles(
  paths: StatePaths,
  agent: AgentName,
): (FoundFile & { readonly isWhereItWas: boolean })[] {
  const known = createLedger(paths.settings).all();
  return known
    .filter((entry) => entry.agent === agent && existsSync(entry.path))
    .map(({ path, scope, isWhereItWas }) => ({ path, scope, isWhereItWas }));
}

/** Other existing files that `install` changed and `uninstall` has not restored. */
export function installedElsewhere({
  files,
  paths,
}: Pick<InstallRequest, 'files' | 'paths'>): string[] {
  const known = createLedger(paths.settings).all();
  const others = known.filter(({ path }) => !files.some((file) => file.path === path));
  return others.map(({ path }) => path).filter((path) => existsSync(path));
}
