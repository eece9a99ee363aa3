import type { Edit, Node } from 'jsonc-parser';
import { defaultHookName } from '../domain/hook-name.ts';
import {
  findWrapping,
  isAbsoluteProgram,
  type LineShell,
  mentionsHookbus,
  unwrap,
  type WrapStyle,
  wrap,
  wrappingOf,
} from '../domain/wrapping.ts';
import type { AgentSettings, Scope } from './agent-settings.ts';
import type { HookSite } from './find-hooks.ts';
import { unwrapToken, wrapToken } from './json-text.ts';
import { sourceOf } from './read-settings-text.ts';

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
  /** Lines that a shared file has too: they must be the same text everywhere, or the agent runs them twice. */
  readonly sharedLines: ReadonlySet<string>;
  /** Lines that files which are not changed have without a prefix, with such a file: in two texts they would run twice. */
  readonly bareElsewhere: ReadonlyMap<string, string>;
  /** The shell of `$SHELL -lc` understands what is written for sh. */
  readonly isLoginShellLikeSh: boolean;
  readonly isChosen: (name: string) => boolean;
}

/** A site with what is known of it before anything is decided. */
interface Known {
  readonly site: HookSite;
  readonly text: string;
  readonly command: Node;
  readonly base: Omit<HookPlan, 'action' | 'becomes' | 'edits' | 'reason'>;
}

/** Plans to put the prefix before a hook. */
export function planWrap(text: string, site: HookSite, rules: WrapRules): HookPlan {
  const { command } = site;
  if (command === undefined) return leftAlone(site);
  return site.kind === 'program'
    ? wrapProgram(knownProgram(text, site, command), rules)
    : wrapLine(knownLine(text, site, command, rules.agent), rules);
}

/** Plans to take the prefix out. */
export function planUnwrap(
  text: string,
  site: HookSite,
  { agent, isChosen }: Pick<WrapRules, 'agent' | 'isChosen'>,
): HookPlan {
  const { command } = site;
  if (command === undefined) return leftAlone(site);
  const known =
    site.kind === 'program'
      ? knownProgram(text, site, command)
      : knownLine(text, site, command, agent);
  if (!known.isOurs) return kept(known, known.isByHand ? 'by_hand' : 'left');
  if (!isChosen(known.base.name ?? '')) return kept(known, 'unchanged', 'it was not chosen');
  return changed(known, 'unwrapped', known.base.command ?? '', known.removal);
}

function leftAlone({ event, matcher, limitMs, reason }: HookSite): HookPlan {
  const nothing = { name: undefined, command: undefined, written: undefined, program: undefined };
  return {
    event,
    matcher,
    limitMs,
    reason,
    ...nothing,
    becomes: undefined,
    action: 'left',
    edits: [],
  };
}

interface KnownHook extends Known {
  readonly isOurs: boolean;
  readonly isByHand: boolean;
  readonly isGuarded: boolean;
  /** Takes the prefix out. */
  readonly removal: readonly Edit[];
}

function knownLine(text: string, site: HookSite, command: Node, agent: AgentSettings): KnownHook {
  const value = command.value as string;
  const found = findWrapping(value, shellOf(site, agent));
  const own = found === undefined ? value : unwrap(value, found);
  const token = sourceOf(text, command);
  const isByHand = found === undefined && mentionsHookbus(value);
  return {
    site,
    text,
    command,
    base: {
      ...siteFacts(site),
      written: value,
      program: found?.program,
      name: isByHand ? nameByHand(own) : defaultHookName([], own),
      command: own,
    },
    isOurs: found !== undefined,
    isByHand,
    isGuarded: found?.isGuarded ?? false,
    removal: found === undefined ? [] : [replace(command, unwrapToken(token, found))],
  };
}

const siteFacts = ({ event, matcher, limitMs }: HookSite) => ({ event, matcher, limitMs });

/** The name that somebody gave, or that of what stands behind the prefix. */
function nameByHand(line: string): string {
  const given = /\s--name[ =](?:'([^']*)'|"([^"]*)"|(\S+))/.exec(line)?.slice(1).find(Boolean);
  return given ?? defaultHookName([], line.replace(/^.*\s(?:--|--shell)\s/s, ''));
}

function shellOf({ isForBash }: HookSite, { shell }: AgentSettings): LineShell {
  return isForBash && shell === 'sh' ? 'bash' : shell;
}

function wrapLine(known: KnownHook, rules: WrapRules): HookPlan {
  const { base, site, command, text } = known;
  const { scope } = rules;
  const own = base.command ?? '';
  if (known.isByHand) return kept(known, 'by_hand');
  if (!rules.isChosen(base.name ?? '')) return notChosen(known);
  const reason = reasonToLeave(known, rules);
  if (reason !== undefined) return kept(known, 'left', reason);
  const isShared = scope === 'project' || rules.sharedLines.has(own);
  // It is so since a shared file has it too, though perhaps not one that is looked at now.
  if (base.program?.[0] === 'hookbus' && !isShared) return kept(known, 'unchanged');
  const style: WrapStyle = {
    program: isShared ? ['hookbus'] : rules.program,
    isGuarded: isShared || site.refusesWhatFails,
    shell: shellOf(site, rules.agent),
  };
  const wrapping = wrappingOf(own, style);
  const becomes = wrap(own, wrapping);
  if (becomes === command.value) return kept(known, 'unchanged');
  const token = known.removal[0]?.content ?? sourceOf(text, command);
  return changed(known, 'wrapped', becomes, [replace(command, wrapToken(token, wrapping))]);
}

/** Why a line gets no prefix, or no other; undefined where it may have one. */
function reasonToLeave({ base, site, isOurs }: KnownHook, rules: WrapRules): string | undefined {
  const { agent, scope } = rules;
  if (agent.shell === 'login' && !rules.isLoginShellLikeSh) {
    return 'your $SHELL is none that reads lines for sh';
  }
  if (scope === 'project' && agent.unguardedFields.includes(site.field)) {
    return `${site.field} runs in PowerShell on Windows; give it a bash field to have it recorded`;
  }
  const bareIn = rules.bareElsewhere.get(base.command ?? '');
  return bareIn === undefined || isOurs
    ? undefined
    : `${bareIn} has it too and is not changed: in two texts it would run twice`;
}

function knownProgram(text: string, site: HookSite, command: Node): KnownHook {
  const args = site.args?.children ?? [];
  const words = [command, ...args].map(({ value }) => String(value));
  const length = [1, 2].find(
    (count) =>
      isAbsoluteProgram(words.slice(0, count)) &&
      words[count] === 'run' &&
      words[count + 1] === '--' &&
      words.length > count + 2,
  );
  const own = length === undefined ? words : words.slice(length + 2);
  const ownNode = length === undefined ? undefined : args[length + 1];
  const removal =
    ownNode === undefined || args[0] === undefined || length === undefined
      ? []
      : [
          replace(command, sourceOf(text, ownNode)),
          cut(args[0].offset, args[length + 2]?.offset ?? endOf(ownNode)),
        ];
  return {
    site,
    text,
    command,
    base: {
      ...siteFacts(site),
      written: words.join(' '),
      program: length === undefined ? undefined : words.slice(0, length),
      name: defaultHookName(own),
      command: own.join(' '),
    },
    isOurs: length !== undefined,
    isByHand:
      length === undefined &&
      /(?:^|\/)hookbus(?:\.js)?$/.test(words[0] ?? '') &&
      words.includes('run'),
    isGuarded: false,
    removal,
  };
}

function wrapProgram(known: KnownHook, rules: WrapRules): HookPlan {
  const { base, site, command, text } = known;
  if (known.isByHand) return kept(known, 'by_hand');
  if (!rules.isChosen(base.name ?? '')) return notChosen(known);
  if (rules.scope === 'project' && !known.isOurs) {
    const reason = 'it is a program with args, which would not start where hookbus is missing';
    return kept(known, 'left', reason);
  }
  if (site.args === undefined) return kept(known, 'left', 'it has no args; give it "args": []');
  if (base.program?.join('\n') === rules.program.join('\n')) return kept(known, 'unchanged');
  const [program = '', ...parameters] = [...rules.program, 'run', '--'];
  const words = parameters.map((word) => JSON.stringify(word)).join(', ');
  const [first, ...others] = site.args.children ?? [];
  const becomes = [program, ...parameters, base.command].join(' ');
  if (base.program !== undefined && first !== undefined) {
    const last = [first, ...others][base.program.length];
    const edit = {
      offset: first.offset,
      length: endOf(last ?? first) - first.offset,
      content: words,
    };
    return changed(known, 'wrapped', becomes, [replace(command, JSON.stringify(program)), edit]);
  }
  const content = `${words}, ${sourceOf(text, command)}${first === undefined ? '' : ', '}`;
  const offset = first?.offset ?? site.args.offset + 1;
  return changed(known, 'wrapped', becomes, [
    replace(command, JSON.stringify(program)),
    { offset, length: 0, content },
  ]);
}

function notChosen(known: KnownHook): HookPlan {
  return kept(known, known.isOurs ? 'unchanged' : 'left', 'it was not chosen');
}

function kept(known: KnownHook, action: HookAction, reason?: string): HookPlan {
  const { base, command, site } = known;
  const words = [command, ...(site.kind === 'program' ? (site.args?.children ?? []) : [])];
  const becomes = words.map(({ value }) => String(value)).join(' ');
  return { ...base, becomes, action, reason, edits: [] };
}

function changed(
  { base }: KnownHook,
  action: HookAction,
  becomes: string,
  edits: readonly Edit[],
): HookPlan {
  return { ...base, becomes, action, reason: undefined, edits };
}

const endOf = ({ offset, length }: Node): number => offset + length;

function replace({ offset, length }: Node, content: string): Edit {
  return { offset, length, content };
}

function cut(from: number, to: number): Edit {
  return { offset: from, length: to - from, content: '' };
}
