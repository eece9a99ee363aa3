import { getNodeValue, type Node } from 'jsonc-parser';
import type { SettingsText } from '../../agents/formats/located.ts';
import type { AgentSettings, Places } from '../../agents/settings/agent-settings.ts';
import type { Fault } from '../../agents/settings/claude-faults.ts';
import { memberOf, textOf } from '../../agents/settings/read-settings-text.ts';
import { reasonOf } from '../../domain/errors.ts';
import { inspectHooks } from '../install/inspect-settings.ts';
import type { ConfiguredHook, Source } from './configured-hook.ts';
import { hooksInDirectories } from './files/hooks-in-directories.ts';
import { type HookSource, readSource } from './hook-source.ts';
import { sourcesOf } from './sources-of.ts';
import { createSwitches, type Off, type ReadSettings } from './switches.ts';

/** A hook as the files have it. */
export interface FoundHook extends ConfiguredHook {
  /** Why the agent does not run it; undefined: it does. */
  readonly off: Off | undefined;
  /** Its place in its file, as Codex writes it: event, entry and place in the entry. */
  readonly place: string;
}

/** A file, or a part of it, that the agent cannot use. */
export interface FileProblem {
  readonly source: Source;
  /** `unreadable`: nothing in the file counts. `entry`: something in it is wrong, and what goes with it does not count. */
  readonly kind: 'unreadable' | 'entry';
  readonly path: string;
  /** Undefined if only the agent knows it. */
  readonly line: number | undefined;
  readonly reason: string;
  /** How many hooks do not run because of it, as far as they can be recognized. */
  readonly hooks: number;
}

/** What an agent's files say about hooks. */
export interface Configuration {
  readonly agent: AgentSettings;
  readonly hooks: readonly FoundHook[];
  readonly problems: readonly FileProblem[];
  /** An administrator enables plugins, as far as the files show. */
  readonly hasManagedPlugins: boolean;
}

/** The hooks of an agent as its files have them, an administrator's first; also those that it does not run. */
export function configuredHooks(agent: AgentSettings, places: Places): Configuration {
  const files = sourcesOf(agent, places).map((source) => readFile(agent, source));
  const offBy = createSwitches(
    agent,
    files.flatMap(({ settings }) => settings ?? []),
  );
  const hooks = files.flatMap((file) => file.hooks);
  return {
    agent,
    hooks: [
      ...hooks.map(({ at: _, id, ...hook }) => ({
        ...hook,
        off: hook.off ?? offBy({ id, source: hook.source, path: hook.path }),
      })),
      ...hooksInDirectories(agent, places),
    ],
    problems: files.flatMap(({ problems }) => problems),
    hasManagedPlugins: files.some(enablesPlugins),
  };
}

/** The hooks of one file that the user names, as if it were the project's. */
export function hooksInFile(agent: AgentSettings, path: string): Configuration {
  const { hooks, problems } = readFile(agent, { source: 'project', path, form: 'json' });
  const found = hooks.map(({ at: _, id: __, ...hook }) => hook);
  return { agent, hooks: found, problems, hasManagedPlugins: false };
}

/** A managed file that cannot be read may do so. */
function enablesPlugins({ source, settings }: ReadFile): boolean {
  if (source !== 'managed') return false;
  const enabled = settings && memberOf(settings.text.root, 'enabledPlugins');
  return settings === undefined || (enabled?.children ?? []).length > 0;
}

interface PlacedHook extends FoundHook {
  /** The offset of what the file has for it. */
  readonly at: number;
  /** Its name for its agent, else its command. */
  readonly id: string;
}

interface ReadFile {
  readonly source: Source;
  readonly hooks: readonly PlacedHook[];
  readonly problems: readonly FileProblem[];
  /** Undefined if the agent does not use the file. */
  readonly settings?: ReadSettings;
}

function readFile(agent: AgentSettings, source: HookSource): ReadFile {
  const unreadable = (line: number, reason: string, hooks: readonly PlacedHook[]): ReadFile =>
    voided(source, 'unreadable', line, reason, hooks);
  try {
    const read = readSource(source, agent.allowsComments);
    if (read === undefined) return { source: source.source, hooks: [], problems: [] };
    if ('root' in read) return readText(agent, source, read);
    const { line, column, reason } = read.problem;
    const rest = read.rest === undefined ? [] : hooksIn(agent, source, read.rest);
    return unreadable(line, `${reason} (column ${column})`, rest);
  } catch (error) {
    return unreadable(1, reasonOf(error), []);
  }
}

function voided(
  { source, path }: HookSource,
  kind: FileProblem['kind'],
  line: number,
  reason: string,
  hooks: readonly PlacedHook[],
): ReadFile {
  const off: Off = { why: 'voided', reason, path, line };
  return {
    source,
    hooks: hooks.map((hook) => ({ ...hook, off })),
    problems: [{ source, kind, path, line, reason, hooks: hooks.length }],
  };
}

function readText(agent: AgentSettings, source: HookSource, text: SettingsText): ReadFile {
  const root = source.part === undefined ? text.root : source.part(text.root);
  if (root === undefined) return { source: source.source, hooks: [], problems: [] };
  const found = hooksIn(agent, source, { ...text, root });
  const faults = agent.faultsIn?.(root) ?? [];
  const voiding = faults.find(({ voidsFile }) => voidsFile);
  if (voiding !== undefined) {
    return voided(source, 'entry', text.lineOf(voiding.node), voiding.reason, found);
  }
  const parts = faults.map((fault) =>
    voided(
      source,
      'entry',
      text.lineOf(fault.node),
      fault.reason,
      found.filter((hook) => isIn(hook, fault)),
    ),
  );
  const off = new Map(parts.flatMap(({ hooks }) => hooks).map((hook) => [hook.at, hook.off]));
  return {
    source: source.source,
    hooks: found.map((hook) => ({ ...hook, off: off.get(hook.at) })),
    problems: parts.flatMap(({ problems }) => problems),
    settings: { source, text },
  };
}

const isIn = ({ at }: PlacedHook, { node }: Fault): boolean =>
  at >= node.offset && at < node.offset + node.length;

function hooksIn(
  agent: AgentSettings,
  { source, owner, path }: HookSource,
  { text, root, lineOf }: SettingsText,
): PlacedHook[] {
  return inspectHooks(text, root, agent).map(({ site, prefix, command, name }) => {
    const { handler, kind, matcher } = site;
    // What is Stop for an agent is the end of a subagent for those who called it.
    const event = source === 'agent' && site.event === 'Stop' ? 'SubagentStop' : site.event;
    const written = kind === 'other' ? '' : String(site.command?.value);
    const own = command ?? '';
    return {
      ...{ agent: agent.agent, event, matcher, source, owner, path, kind },
      ...fieldsOf(handler, agent),
      line: lineOf(site.command ?? handler),
      command: written,
      args: site.args?.children?.map(({ value }) => String(value)) ?? [],
      original: prefix === 'hand' ? withoutHookbus(own) : own,
      hookName: name ?? '',
      isRecorded: prefix !== 'none',
      limitMs: site.limitMs ?? agent.timeLimit.defaultMs(event),
      off: undefined,
      place: placeOf(site.event, handler),
      at: handler.offset,
      id: textOf(memberOf(handler, 'name')) || written,
    };
  });
}

function placeOf(event: string, handler: Node): string {
  const entry = handler.parent?.parent?.parent;
  const at = [entry, handler].map((node) => node?.parent?.children?.indexOf(node) ?? 0);
  return [event.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase(), ...at].join(':');
}

function fieldsOf(handler: Node, agent: AgentSettings) {
  const isTrue = (field: string): boolean => memberOf(handler, field)?.value === true;
  const env = memberOf(handler, 'env');
  const variables = env?.type === 'object' ? Object.entries(getNodeValue(env) as object) : [];
  return {
    condition: textOf(memberOf(handler, 'if')),
    type: textOf(memberOf(handler, 'type')) ?? (agent.isCommandByDefault ? 'command' : ''),
    isAsync: isTrue('async') || isTrue('asyncRewake'),
    options: {
      shell: textOf(memberOf(handler, 'shell')),
      blocksOnFailure: textOf(memberOf(handler, 'onFailure')) === 'block',
      env: Object.fromEntries(variables.map(([name, value]) => [name, String(value)])),
      directory: textOf(memberOf(handler, 'cwd')),
    },
  };
}

/** What follows the words of HookBus in a line that a person wrote. */
function withoutHookbus(line: string): string {
  return /\bhookbus(?:\.js)?["']?\s+run\s(?:.*?\s)?--\s+(.*)$/s.exec(line)?.[1] ?? line;
}
