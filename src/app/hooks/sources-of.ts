import { basename, dirname, join } from 'node:path';
import type { Node } from 'jsonc-parser';
import type { AgentName, AgentSettings, Places } from '../../agents/settings/agent-settings.ts';
import { findSettings } from '../install/find-settings.ts';
import { managedFiles } from '../install/managed/managed-files.ts';
import { isToml } from '../install/toml/toml-settings.ts';
import { pluginSources } from './claude-plugins.ts';
import { frontmatterSources } from './frontmatter-sources.ts';
import { type HookSource, isFile, namesIn, readSource } from './hook-source.ts';
import { RANKS } from './switches.ts';

/** Every existing file in which the agent looks for hooks, an administrator's first. */
export function sourcesOf(agent: AgentSettings, places: Places): HookSource[] {
  const managed = managedSources(agent, places);
  const found = findSettings(agent, places).map(
    ({ scope, path }): HookSource => ({
      ...{ source: scope, path, form: isToml(path) ? 'toml' : 'json' },
      isAlone: agent.agent === 'copilot' && basename(dirname(path)) === 'hooks',
    }),
  );
  const more = MORE[agent.agent](places, [...found, ...managed], agent);
  return [...managed, ...found, ...more.filter(({ path }) => isFile(path))];
}

const own = (agent: AgentName, { home, agentHome }: Places): string | undefined =>
  agentHome[agent] ?? (home && join(home, `.${agent}`));

/** An administrator's files. Claude Code also keeps those that it got from a server. */
function managedSources({ agent }: AgentSettings, places: Places): HookSource[] {
  const home = agent === 'claude' ? own('claude', places) : undefined;
  const remote = home === undefined ? [] : [join(home, 'remote-settings.json')];
  return [...remote.filter(isFile), ...managedFiles(agent, places)].map((path) => ({
    source: 'managed',
    path,
    form: isToml(path) ? 'toml' : 'json',
  }));
}

type More = (places: Places, known: readonly HookSource[], agent: AgentSettings) => HookSource[];

const MORE: Readonly<Record<AgentName, More>> = {
  claude(places, known, agent) {
    const home = own('claude', places);
    const projects = [...new Set([places.cwd, places.projectRoot])];
    const directories = [
      ...(home === undefined ? [] : [home]),
      ...projects.map((project) => join(project, '.claude')),
    ];
    const settings = [...known]
      .sort((a, b) => RANKS.indexOf(a.source) - RANKS.indexOf(b.source))
      .flatMap((source) => rootOf(source, agent) ?? []);
    return [
      ...(home === undefined ? [] : pluginSources(home, settings, places)),
      ...[...new Set(directories)].flatMap((directory) => frontmatterSources(directory)),
    ];
  },
  codex: () => [],
  gemini(places) {
    const home = own('gemini', places);
    if (home === undefined) return [];
    const extensions = join(home, 'extensions');
    return namesIn(extensions).map((owner) => ({
      source: 'plugin',
      owner,
      path: join(extensions, owner, 'hooks', 'hooks.json'),
      form: 'json',
    }));
  },
  cursor: () => [],
  copilot: () => [],
  qwen: () => [],
  droid: () => [],
  auggie: () => [],
  cline: () => [],
};

function rootOf(source: HookSource, agent: AgentSettings): Node | undefined {
  try {
    const read = readSource(source, agent.allowsComments);
    return read !== undefined && 'root' in read ? read.root : undefined;
  } catch {
    return undefined;
  }
}
