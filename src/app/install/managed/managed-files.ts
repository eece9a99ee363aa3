import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentName, AgentSettings, Places } from '../../../agents/settings/agent-settings.ts';
import { isFile } from '../../hooks/hook-source.ts';
import { type FoundFile, jsonFilesOf, textOf } from '../find-settings.ts';
import { isToml } from '../toml/toml-settings.ts';

/** An administrator's files for each agent on any system, in its order; a name that ends in `/` is every `.json` in it. */
const PLACES: Readonly<Record<AgentName, readonly string[]>> = {
  claude: ['/etc/claude-code', '/Library/Application Support/ClaudeCode'].flatMap((directory) => [
    join(directory, 'managed-settings.json'),
    join(directory, 'managed-settings.d/'),
  ]),
  codex: ['hooks.json', 'requirements.toml', 'managed_config.toml', 'config.toml'].map((name) =>
    join('/etc/codex', name),
  ),
  gemini: ['system-defaults.json', 'settings.json'].map((name) => join('/etc/gemini-cli', name)),
  cursor: ['/etc/cursor/hooks.json', '/Library/Application Support/Cursor/hooks.json'],
  copilot: ['/etc/github-copilot/policy.d/'],
  qwen: ['/etc/qwen-code', '/Library/Application Support/QwenCode'].flatMap((directory) =>
    ['system-defaults.json', 'settings.json'].map((name) => join(directory, name)),
  ),
  droid: ['/etc/factory', '/Library/Application Support/Factory'].flatMap((directory) =>
    ['settings.json', 'hooks.json'].map((name) => join(directory, name)),
  ),
  auggie: ['/etc/augment/settings.json'],
  cline: [],
};

/** The existing files in which an administrator may have settings of an agent. */
export function managedFiles(agent: AgentName, { systemRoot = '/' }: Places): string[] {
  return PLACES[agent]
    .map((path) => join(systemRoot, path))
    .flatMap((path) => (path.endsWith('/') ? jsonFilesOf(path) : path))
    .filter(isFile);
}

/** Where an administrator's settings of an agent would be. */
export const managedPlaces = (agent: AgentName): readonly string[] => PLACES[agent];

/** Those that `install` may change, each once: a TOML file only if it has hooks. */
export function managedSettings({ agent, places }: AgentSettings, where: Places): FoundFile[] {
  const hasHooks = places(where).find(({ path }) => isToml(path))?.holds;
  const paths = managedFiles(agent, where).filter(
    (path) => !isToml(path) || hasHooks?.test(textOf(path)) === true,
  );
  const seen = new Set<string>();
  return paths
    .filter((path) => {
      const target = realpathSync(path);
      return !seen.has(target) && seen.add(target);
    })
    .map((path) => ({ scope: 'managed', path }));
}
