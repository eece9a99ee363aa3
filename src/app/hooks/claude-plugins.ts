import { join, resolve } from 'node:path';
import type { Node } from 'jsonc-parser';
import type { Places } from '../../agents/settings/agent-settings.ts';
import { memberOf, parseSettings, textOf } from '../../agents/settings/read-settings-text.ts';
import { readBounded } from '../../os/read-bounded.ts';
import { isBelow } from '../install/find-settings.ts';
import { frontmatterSources } from './frontmatter-sources.ts';
import { type HookSource, isFile } from './hook-source.ts';

const MAX_BYTES = 4_000_000;

/**
 * The files of Claude Code's plugins that may have hooks.
 * @param settings the settings files, later ones overruling earlier ones: they say which plugins are enabled
 */
export function pluginSources(
  own: string,
  settings: readonly Node[],
  places: Places,
): HookSource[] {
  const isOn = new Map<string, boolean>();
  for (const root of settings) {
    const enabled = memberOf(root, 'enabledPlugins');
    for (const { children: [key, value] = [] } of enabled?.children ?? []) {
      isOn.set(textOf(key) ?? '', value?.value !== false && value?.type !== 'null');
    }
  }
  const list = memberOf(readRoot(join(own, 'plugins', 'installed_plugins.json')), 'plugins');
  return (list?.children ?? []).flatMap(({ children: [key, value] = [] }) => {
    const id = textOf(key) ?? '';
    const directory = isOn.get(id) === true ? directoryOf(value, places) : undefined;
    return directory === undefined ? [] : sourcesOf(id.replace(/@[^@]*$/, ''), directory);
  });
}

/** Where the plugin was installed for this project, else for any: it is enabled here. */
function directoryOf(
  installed: Node | undefined,
  { projectRoot, cwd }: Places,
): string | undefined {
  const entries = installed?.type === 'array' ? (installed.children ?? []) : [installed];
  const isHere = (entry: Node | undefined): boolean =>
    [projectRoot, cwd].includes(textOf(memberOf(entry, 'projectPath')) ?? '');
  return textOf(memberOf(entries.find(isHere) ?? entries[0], 'installPath'));
}

function sourcesOf(owner: string, directory: string): HookSource[] {
  const manifest = join(directory, '.claude-plugin', 'plugin.json');
  const hooks = memberOf(readRoot(manifest), 'hooks');
  const given = hooks?.type === 'array' ? (hooks.children ?? []) : hooks ? [hooks] : [];
  const paths = [
    join(directory, 'hooks', 'hooks.json'),
    ...given
      .flatMap((node) => textOf(node) ?? [])
      .map((path) => resolve(directory, path))
      .filter((path) => isBelow(path, directory)),
  ];
  const files = [...new Set(paths)].filter(isFile);
  const isList = hooks?.type === 'array';
  const inline = given.flatMap((node, at): HookSource[] =>
    node.type === 'object'
      ? [
          {
            source: 'plugin',
            owner,
            path: manifest,
            form: 'json',
            part: (root) => {
              const all = memberOf(root, 'hooks');
              return asHooks(isList ? all?.children?.[at] : all);
            },
          },
        ]
      : [],
  );
  return [
    ...files.map((path): HookSource => ({ source: 'plugin', owner, path, form: 'json' })),
    ...inline,
    ...frontmatterSources(directory, owner),
  ];
}

/** Events stand in a manifest directly; in other files, under `hooks`. */
function asHooks(node: Node | undefined): Node | undefined {
  if (node?.type !== 'object') return undefined;
  const key: Node = { type: 'string', value: 'hooks', offset: node.offset, length: 0 };
  const property: Node = { ...node, type: 'property', children: [key, node] };
  return { ...node, children: [property] };
}

function readRoot(path: string): Node | undefined {
  try {
    const parsed = parseSettings(readBounded(path, MAX_BYTES), false);
    return 'root' in parsed ? parsed.root : undefined;
  } catch {
    // There is none, or the agent cannot read it either.
    return undefined;
  }
}
