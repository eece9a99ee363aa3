import type { Node } from 'jsonc-parser';
import type { AgentSettings } from './agent-settings.ts';
import { memberOf, textOf } from './read-settings-text.ts';

/** A hook in a settings file; the nodes say where. */
export interface HookSite {
  readonly event: string;
  /** The object that the file has for it. */
  readonly handler: Node;
  /** The matcher; undefined if the hook runs for everything. */
  readonly matcher: string | undefined;
  /** `line`: a shell runs it. `program`: it is started directly. `other`: there is no command to wrap. */
  readonly kind: 'line' | 'program' | 'other';
  /** What the agent calls it: `command`, `http`, `prompt` and so on. */
  readonly type: string;
  /** The line, or the program. */
  readonly command: Node | undefined;
  /** The field that holds `command`. */
  readonly field: string;
  /** The arguments of a program. */
  readonly args: Node | undefined;
  /** The agent knows it by a name; otherwise by its text. */
  readonly isNamed: boolean;
  /** Windows runs a different line. */
  readonly hasLineForWindows: boolean;
  /** The timeout in the file, in ms; undefined if there is none. */
  readonly limitMs: number | undefined;
  /** The line is for bash, whatever shell the agent uses otherwise. */
  readonly isForBash: boolean;
  /** For `other`: why there is no command, in words. */
  readonly reason: string | undefined;
}

/** Fields of a hook that an agent runs on Windows instead of its command. */
const FOR_WINDOWS = ['powershell', 'commandWindows'];

/** All hooks of a settings file, in the order of the file. */
export function findHooks(root: Node, agent: AgentSettings): HookSite[] {
  return eventsIn(root, agent).flatMap(([event, entries]) =>
    objectsIn(entries).flatMap((entry) => {
      const matcher = textOf(memberOf(entry, 'matcher')) || undefined;
      const group = memberOf(entry, 'hooks');
      const handlers = group?.type === 'array' ? objectsIn(group) : [entry];
      return handlers.flatMap((handler) => sitesOf(handler, event, matcher, agent));
    }),
  );
}

/** Each event of a settings file with what it has for it. If a name occurs twice, only the last counts. */
export function eventsIn(
  root: Node,
  agent?: Pick<AgentSettings, 'eventsIn'>,
): (readonly [event: string, entries: Node])[] {
  const events = agent?.eventsIn === undefined ? memberOf(root, 'hooks') : agent.eventsIn(root);
  const properties = events?.type === 'object' ? (events.children ?? []) : [];
  const named = properties.flatMap(({ children: [key, entries] = [] }) => {
    const event = textOf(key);
    return event === undefined || entries === undefined ? [] : [[event, entries] as const];
  });
  const last = new Map(named);
  return named.filter(([event, entries]) => last.get(event) === entries);
}

function objectsIn(node: Node | undefined): readonly Node[] {
  return node?.type === 'array'
    ? (node.children ?? []).filter(({ type }) => type === 'object')
    : [];
}

function sitesOf(
  handler: Node,
  event: string,
  matcher: string | undefined,
  agent: AgentSettings,
): HookSite[] {
  const site: HookSite = {
    event,
    handler,
    matcher,
    kind: 'other',
    type: textOf(memberOf(handler, 'type')) ?? 'command',
    command: undefined,
    field: '',
    args: undefined,
    isNamed: Boolean(textOf(memberOf(handler, 'name'))),
    isForBash: textOf(memberOf(handler, 'shell')) === 'bash',
    hasLineForWindows: FOR_WINDOWS.some((field) => memberOf(handler, field) !== undefined),
    limitMs: limitOf(handler, agent),
    reason: noCommandReason(handler, agent),
  };
  if (site.reason !== undefined) return [site];
  return programOf(handler, site, agent) ?? linesOf(handler, site, agent);
}

function limitOf(handler: Node, { timeLimit }: AgentSettings): number | undefined {
  const { field, otherField = field, unitMs, countsMsFrom = Infinity } = timeLimit;
  const value: unknown = (memberOf(handler, field) ?? memberOf(handler, otherField))?.value;
  if (typeof value !== 'number' || value <= 0) return undefined;
  return value >= countsMsFrom ? value : value * unitMs;
}

/** Why there is nothing to wrap, according to the hook's own fields. */
function noCommandReason(handler: Node, agent: AgentSettings): string | undefined {
  const type = textOf(memberOf(handler, 'type'));
  if (type === undefined && !agent.isCommandByDefault) return 'it has no type';
  if (type !== undefined && type !== 'command') return `it is of type ${type} and has no command`;
  return textOf(memberOf(handler, 'shell')) === 'powershell' ? 'it is for PowerShell' : undefined;
}

function programOf(handler: Node, site: HookSite, agent: AgentSettings): HookSite[] | undefined {
  const args = memberOf(handler, 'args');
  const program = memberOf(handler, agent.programField);
  const name = textOf(program);
  if (name === undefined || (args === undefined && agent.programField !== 'exec')) return undefined;
  const hasTexts =
    args?.type === 'array' && (args.children ?? []).every(({ type }) => type === 'string');
  if (args !== undefined && !hasTexts)
    return [{ ...site, reason: 'its args are not a list of strings' }];
  if (name === '') return [{ ...site, reason: 'its command is empty' }];
  return [{ ...site, kind: 'program', command: program, args, field: agent.programField }];
}

function linesOf(handler: Node, site: HookSite, agent: AgentSettings): HookSite[] {
  const lines = agent.lineFields.flatMap((field): HookSite[] => {
    const command = memberOf(handler, field);
    const text = textOf(command);
    if (text === undefined) return [];
    if (text.trim() === '') return [{ ...site, field, reason: 'its command is empty' }];
    return [{ ...site, kind: 'line', command, field }];
  });
  if (lines.length > 0) return lines;
  const isForPowerShell = memberOf(handler, 'powershell') !== undefined;
  return [{ ...site, reason: isForPowerShell ? 'it is for PowerShell' : 'it has no command' }];
}
