import type { Edit, Node } from 'jsonc-parser';
import { isSimpleCommand } from '../../domain/hook/shell-line.ts';
import { SHARED } from '../../domain/hook/wrapping.ts';
import type { AgentSettings, Scope } from './agent-settings.ts';
import type { HookSite } from './find-hooks.ts';

/** What becomes of a hook. */
type HookAction =
  /** It gets a prefix, or a new one. */
  | 'wrapped'
  /** It has the prefix that it would get. */
  | 'unchanged'
  /** The prefix is taken out. */
  | 'unwrapped'
  /** Somebody put HookBus in front of it in words of their own. */
  | 'by_hand'
  /** It has no prefix and gets none. */
  | 'left';

export interface HookPlan {
  readonly event: string;
  readonly matcher: string | undefined;
  /** What it is called in the record; undefined where it has no command. */
  readonly name: string | undefined;
  /** The command without a prefix of `install`. */
  readonly command: string | undefined;
  /** What stands in the file now; undefined where that is no command. */
  readonly written: string | undefined;
  /** The words that its prefix starts HookBus with now; undefined where `install` put none there. */
  readonly program: readonly string[] | undefined;
  /** It runs where HookBus is missing, not executable or empty; true as well where there is no prefix. */
  readonly isGuarded: boolean;
  /** Most that it may take, in ms, as the file says it. */
  readonly limitMs: number | undefined;
  /** The command as it will be. */
  readonly becomes: string | undefined;
  readonly action: HookAction;
  /** Why it is left. */
  readonly reason: string | undefined;
  readonly edits: readonly Edit[];
}

export interface WrapRules {
  readonly agent: AgentSettings;
  readonly scope: Scope;
  /** Absolute; a file that is shared gets `hookbus` instead. */
  readonly program: readonly string[];
  /**
   * Lines that files of one's own have too. They must be the same text everywhere, or the agent runs them twice; and a
   * file of one's own keeps the absolute path, whatever lines a project lists.
   */
  readonly ownLines: ReadonlySet<string>;
  /** Lines that files which are not changed have without a prefix, with such a file: in two texts they would run twice. */
  readonly bareElsewhere: ReadonlyMap<string, string>;
  /** Lines that the agent does not run, since some file has them in a list of what is disabled. */
  readonly disabledLines: ReadonlySet<string>;
  /** The file is shared with people who have Windows, and says so itself. */
  readonly isForWindowsToo: boolean;
  readonly isChosen: (name: string) => boolean;
}

/** A hook with what is known of it before anything is decided. */
export interface KnownHook {
  readonly site: HookSite;
  readonly text: string;
  readonly command: Node;
  readonly base: Omit<HookPlan, 'action' | 'becomes' | 'edits' | 'reason'>;
  readonly isOurs: boolean;
  readonly isByHand: boolean;
  /** Takes the prefix out. */
  readonly removal: readonly Edit[];
}

export const siteFacts = ({ event, matcher, limitMs }: HookSite) => ({ event, matcher, limitMs });

/** Why a hook may not have a prefix, whoever put it there; undefined where it may. */
export function reasonToLeave(
  { base, site, isOurs }: KnownHook,
  rules: WrapRules,
): string | undefined {
  const { agent, scope } = rules;
  const own = base.command ?? '';
  if (isDisabled(site, rules.disabledLines, own)) {
    return 'it is disabled by its text, and with another text it would run';
  }
  const [variable] = agent.writesIntoLines?.exec(own) ?? [];
  if (variable !== undefined && site.kind === 'line' && !isSimpleCommand(own)) {
    return `${agent.title} writes ${variable} into the line before a shell reads it, which quotes around the line would break`;
  }
  if (scope === 'project' && agent.unguardedFields.includes(site.field)) {
    return site.kind === 'program'
      ? 'Windows, where it runs as well, has no /bin/sh to look for hookbus'
      : `${site.field} runs in PowerShell on Windows; give it a bash field to have it recorded`;
  }
  if (scope === 'project' && rules.isForWindowsToo && !isForSh(site)) {
    return 'the file is for PowerShell too, which cannot run this; with "shell": "bash" it is wrapped';
  }
  const bareIn = rules.bareElsewhere.get(hookKey(site, own));
  return bareIn !== undefined && !isOurs
    ? `${bareIn} has it too and is not changed: in two texts it would run twice`
    : undefined;
}

/** Whatever system it runs on, no PowerShell reads it. */
export const isForSh = ({ isForBash, hasLineForWindows, field }: HookSite): boolean =>
  isForBash || hasLineForWindows || field === 'bash';

/** What two files have in common when they have the same hook. */
export const hookKey = ({ kind }: HookSite, command: string | undefined): string =>
  `${kind} ${command ?? ''}`;

/** The words that start HookBus: found by PATH in a file that is shared, unless a file of one's own has the hook too. */
export function programFor({ base, site }: KnownHook, rules: WrapRules): readonly string[] {
  const isShared = rules.scope === 'project' && !rules.ownLines.has(hookKey(site, base.command));
  return isShared ? [SHARED] : rules.program;
}

/** Left without a prefix. One that an older version put there is taken out. */
export function left(known: KnownHook, reason: string): HookPlan {
  if (!known.isOurs) return kept(known, 'left', reason);
  return { ...changed(known, 'unwrapped', known.base.command ?? '', known.removal), reason };
}

export const isDisabled = (
  { isNamed }: HookSite,
  disabledLines: ReadonlySet<string>,
  text: string | undefined,
): boolean => !isNamed && disabledLines.has(text ?? '');

export function notChosen(known: KnownHook): HookPlan {
  return kept(known, known.isOurs ? 'unchanged' : 'left', 'it was not chosen');
}

export function kept(known: KnownHook, action: HookAction, reason?: string): HookPlan {
  const { base, command, site } = known;
  const words = [command, ...(site.kind === 'program' ? (site.args?.children ?? []) : [])];
  const becomes = words.map(({ value }) => String(value)).join(' ');
  return { ...base, becomes, action, reason, edits: [] };
}

export function changed(
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
