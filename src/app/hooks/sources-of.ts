import { basename, dirname, join } from 'node:path';
import type { Node } from 'jsonc-parser';
import type { AgentName, AgentSettings, Places } from '../../agents/settings/agent-settings.ts';
import { findSettings } from '../install/find-settings.ts';
import { isToml } from '../install/toml/toml-settings.ts';
import { pluginSources } from './claude-plugins.ts';
import { frontmatterSources } from './frontmatter-sources.ts';
import { filesBelow, type HookSource, isFile, namesIn, readSource } from './hook-source.ts';
import { RANKS } from './switches.ts';

/** Every existing file in which the agent looks for hooks, an administrator's first. */
export function sourcesOf(agent: AgentSettings, places: Places): HookSource[] {
  const managed = MANAGED[agent.agent](places).filter(({ path }) => isFile(path));
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

const MANAGED: Readonly<Record<AgentName, (places: Places) => HookSource[]>> = {
  claude(places) {
    const home = own('claude', places);
    const directories = ['/etc/claude-code', '/Library/Application Support/ClaudeCode'].map(
      (directory) => join(places.systemRoot ?? '/', directory),
    );
    const paths = [
      ...(home === undefined ? [] : [join(home, 'remote-settings.json')]),
      ...directories.flatMap((directory) => [
        join(directory, 'managed-settings.json'),
        ...filesBelow(join(directory, 'managed-settings.d'), '.json', 0),
      ]),
    ];
    return paths.map(managedJson);
  },
  codex: ({ systemRoot = '/' }) => [
    managedJson(join(systemRoot, '/etc/codex/hooks.json')),
    ...['requirements.toml', 'managed_config.toml', 'config.toml'].map((name) => ({
      ...managedJson(join(systemRoot, '/etc/codex', name)),
      form: 'toml' as const,
    })),
  ],
  gemini: ({ systemRoot = '/' }) =>
    ['system-defaults.json', 'settings.json'].map((name) =>
      managedJson(join(systemRoot, '/etc/gemini-cli', name)),
    ),
  cursor: ({ systemRoot = '/' }) =>
    ['/etc/cursor/hooks.json', '/Library/Application Support/Cursor/hooks.json'].map((path) =>
      managedJson(join(systemRoot, path)),
    ),
  copilot: ({ systemRoot = '/' }) =>
    filesBelow(join(systemRoot, '/etc/github-copilot/policy.d'), '.json', 0).map(managedJson),
  qwen: ({ systemRoot = '/' }) =>
    ['/etc/qwen-code', '/Library/Application Support/QwenCode'].flatMap((directory) =>
      ['system-defaults.json', 'settings.json'].map((name) =>
        managedJson(join(systemRoot, directory, name)),
      ),
    ),
  droid: ({ systemRoot = '/' }) =>
    ['/etc/factory', '/Library/Application Support/Factory'].flatMap((directory) =>
      ['settings.json', 'hooks.json'].map((name) => managedJson(join(systemRoot, directory, name))),
    ),
  auggie: ({ systemRoot = '/' }) => [managedJson(join(systemRoot, '/etc/augment/settings.json'))],
  cline: () => [],
};

const managedJson = (path: string): HookSource => ({ source: 'managed', path, form: 'json' });

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
