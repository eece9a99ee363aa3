import type { Edit, Node } from 'jsonc-parser';
import { withSlashes } from '../../domain/hook/git-bash.ts';
import { isSimpleCommand } from '../../domain/hook/shell-line.ts';
import { SHARED } from '../../domain/hook/wrapping.ts';
import type { AgentSettings, Scope } from './agent-settings.ts';
import type { HookSite } from './find-hooks.ts';

/** What happens to a hook. */
type HookAction =
  /** It gets a prefix, or a new one. */
  | 'wrapped'
  /** It already has the right prefix. */
  | 'unchanged'
  /** Its prefix is removed. */
  | 'unwrapped'
  /** A person wrote the line with HookBus in it. */
  | 'by_hand'
  /** It stays without a prefix. */
  | 'left';

/** A hook as the file has it now. */
export interface HookFacts {
  readonly event: string;
  readonly matcher: string | undefined;
  /** What the agent calls it: `command`, `http`, `prompt` and so on. */
  readonly type: string;
  /** Its name in records; undefined if it has no command. */
  readonly name: string | undefined;
  /** The command without a prefix of `install`. */
  readonly command: string | undefined;
  /** The text in the file now; undefined if that is not a command. */
  readonly written: string | undefined;
  /** The words that start HookBus in its current prefix; undefined if `install` wrote none. */
  readonly program: readonly string[] | undefined;
  /** It runs even if HookBus is missing, not executable or empty; also true without a prefix. */
  readonly isGuarded: boolean;
  /** The timeout in the file, in ms. */
  readonly limitMs: number | undefined;
}

export interface HookPlan extends HookFacts {
  /** The command after the change. */
  readonly becomes: string | undefined;
  readonly action: HookAction;
  /** Why it has no prefix. */
  readonly reason: string | undefined;
  readonly edits: readonly Edit[];
}

export interface WrapRules {
  readonly agent: AgentSettings;
  readonly scope: Scope;
  /** Absolute; a shared file gets `hookbus` instead. */
  readonly program: readonly string[];
  /**
   * Lines that the user's own files have too. They must be identical everywhere, or the agent runs the hook twice; and the
   * user's own files keep the absolute path, whatever lines a project lists.
   */
  readonly ownLines: ReadonlySet<string>;
  /** Lines without a prefix in files that stay unchanged, with such a file: written in two ways, they would run twice. */
  readonly bareElsewhere: ReadonlyMap<string, string>;
  /** Lines that the agent does not run, because a file lists them as disabled. */
  readonly disabledLines: ReadonlySet<string>;
  /** The file has fields for Windows, so people on Windows share it. */
  readonly isForWindowsToo: boolean;
  readonly isChosen: (name: string) => boolean;
  /** The name of each command without a prefix, by its key. */
  readonly names: ReadonlyMap<string, string>;
  /** New names, by the names that hooks have. */
  readonly renames: ReadonlyMap<string, string>;
  /** The agent runs on Windows; undefined: on another system. */
  readonly windows?: Windows | undefined;
}

export interface Windows {
  /** Claude Code finds Git Bash, and runs lines in PowerShell otherwise. */
  readonly hasGitBash: boolean;
}

/** A hook with all known facts, before any decision. */
export interface KnownHook {
  readonly site: HookSite;
  readonly text: string;
  readonly command: Node;
  readonly base: HookFacts;
  /** The name that HookBus gives it without `--name`. */
  readonly usualName: string;
  readonly isOurs: boolean;
  readonly isByHand: boolean;
  /** The edits that remove the prefix. */
  readonly removal: readonly Edit[];
}

export const siteFacts = ({ event, matcher, type, limitMs }: HookSite) => ({
  event,
  matcher,
  type,
  limitMs,
});

/** Files that other people's machines may read, on Windows too. */
const FOR_OTHERS: readonly Scope[] = ['project', 'managed'];

/** Why a hook may not have a prefix, whoever wrote it; undefined if it may. */
export function reasonToLeave(
  { base, site, isOurs }: KnownHook,
  rules: WrapRules,
): string | undefined {
  const { agent, scope } = rules;
  const own = base.command ?? '';
  if (isDisabled(site, rules.disabledLines, own)) {
    return 'it is disabled by its text, which a prefix would change';
  }
  const outright = agent.reasonToLeave?.(site.kind, own) ?? reasonOnWindows(site, rules);
  if (outright !== undefined) return outright;
  const [variable] = agent.writesIntoLines?.exec(own) ?? [];
  if (variable !== undefined && site.kind === 'line' && !isSimpleCommand(own)) {
    return `${agent.title} writes ${variable} into the line before a shell reads it, and quotes around the line would break that`;
  }
  if (scope === 'project' && agent.unguardedFields.includes(site.field)) {
    return site.kind === 'program'
      ? 'it also runs on Windows, which has no /bin/sh to look for hookbus'
      : `${site.field} runs in PowerShell on Windows; add a bash field to have it recorded`;
  }
  if (FOR_OTHERS.includes(scope) && rules.isForWindowsToo && !isForSh(site)) {
    return 'the file is for PowerShell too, which cannot run a prefix; add "shell": "bash" to have it wrapped';
  }
  const bareIn = rules.bareElsewhere.get(hookKey(site, own));
  return bareIn !== undefined && !isOurs
    ? `${bareIn} has it too and is not changed: written in two ways, it would run twice`
    : undefined;
}

/** On Windows only Git Bash can look for HookBus and run the hook without it, with its input and exit code as they are. */
function reasonOnWindows(
  { kind }: HookSite,
  { agent, scope, program, windows }: WrapRules,
): string | undefined {
  if (windows === undefined) return undefined;
  if (agent.agent !== 'claude') return `on Windows, hooks of ${agent.title} do not run in Git Bash`;
  if (kind === 'program') return 'it starts without a shell, so nothing could look for hookbus';
  if (scope === 'project') return 'the file is shared: wrap it on Linux or macOS';
  if (!windows.hasGitBash) return 'without Git Bash, PowerShell runs it, which cannot run a prefix';
  return withSlashes(program) === undefined ? 'hookbus is on no drive with a letter' : undefined;
}

/** Whether PowerShell never reads the line, on any system. */
export const isForSh = ({ isForBash, hasLineForWindows, field }: HookSite): boolean =>
  isForBash || hasLineForWindows || field === 'bash';

/** Identifies a hook across files. */
export const hookKey = ({ kind }: HookSite, command: string | undefined): string =>
  `${kind} ${command ?? ''}`;

/** The words that start HookBus: found on PATH in a shared file, unless one of the user's own files has the hook too. */
export function programFor({ base, site }: KnownHook, rules: WrapRules): readonly string[] {
  if (rules.windows !== undefined) return withSlashes(rules.program) ?? rules.program;
  const isShared = rules.scope === 'project' && !rules.ownLines.has(hookKey(site, base.command));
  return isShared ? [SHARED] : rules.program;
}

/** The event, if the agent's payloads do not name it. */
export const eventOption = (
  { event }: HookSite,
  { isEventUnnamed }: AgentSettings,
): string | undefined => (isEventUnnamed?.(event) === true ? event : undefined);

/** Plans no prefix; a prefix that an older version wrote is removed. */
export function leave(known: KnownHook, reason: string): HookPlan {
  if (!known.isOurs) return keep(known, 'left', reason);
  return { ...change(known, 'unwrapped', known.base.command ?? '', known.removal), reason };
}

export const isDisabled = (
  { isNamed }: HookSite,
  disabledLines: ReadonlySet<string>,
  text: string | undefined,
): boolean => !isNamed && disabledLines.has(text ?? '');

export function keepUnchosen(known: KnownHook): HookPlan {
  return keep(known, known.isOurs ? 'unchanged' : 'left', 'it was not chosen');
}

export function keep(known: KnownHook, action: HookAction, reason?: string): HookPlan {
  const { base, command, site } = known;
  const words = [command, ...(site.kind === 'program' ? (site.args?.children ?? []) : [])];
  const becomes = words.map(({ value }) => String(value)).join(' ');
  return { ...base, becomes, action, reason, edits: [] };
}

export function change(
  { base }: KnownHook,
  action: HookAction,
  becomes: string,
  edits: readonly Edit[],
): HookPlan {
  return { ...base, becomes, action, reason: undefined, edits };
}

export const endOf = ({ offset, length }: Node): number => offset + length;

export function replace({ offset, length }: Node, content: string): Edit {
  return { offset, length, content };
}

export function cut(from: number, to: number): Edit {
  return { offset: from, length: to - from, content: '' };
}
