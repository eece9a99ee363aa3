import type { Node } from 'jsonc-parser';
import { reasonAgainst } from '../../domain/hook/git-bash.ts';
import { defaultHookName } from '../../domain/hook/hook-name.ts';
import {
  asksForHookbus,
  findWrapping,
  type LineShell,
  mentionsHookbus,
  unwrap,
  type WrapStyle,
  wrap,
  wrappingOf,
} from '../../domain/hook/wrapping.ts';
import type { AgentSettings } from './agent-settings.ts';
import type { HookSite } from './find-hooks.ts';
import {
  change,
  eventOption,
  type HookFacts,
  type HookPlan,
  hookKey,
  isDisabled,
  type KnownHook,
  keep,
  keepUnchosen,
  leave,
  programFor,
  reasonToLeave,
  replace,
  siteFacts,
  type WrapRules,
} from './hook-plan.ts';
import { unwrapToken, wrapToken } from './json-text.ts';
import { sourceOf } from './read-settings-text.ts';
import { knownProgram, wrapProgram } from './wrap-program.ts';

/** What the file says about a hook; undefined if it has no command. */
export function inspectHook(
  text: string,
  site: HookSite,
  agent: AgentSettings,
): KnownHook | undefined {
  const { command } = site;
  if (command === undefined) return undefined;
  return site.kind === 'program'
    ? knownProgram(text, site, command)
    : knownLine(text, site, command, agent);
}

/** Plans to add the prefix to a hook. */
export function planWrap(text: string, site: HookSite, rules: WrapRules): HookPlan {
  const found = inspectHook(text, site, rules.agent);
  if (found === undefined) return unwrappable(site);
  const known = named(found, rules);
  return site.kind === 'program' ? wrapProgram(known, rules) : wrapLine(known, rules);
}

function named(
  known: KnownHook,
  { names, renames }: Pick<WrapRules, 'names' | 'renames'>,
): KnownHook {
  const { base, site, isOurs, isByHand } = known;
  if (isByHand) return known;
  const given = isOurs ? undefined : names.get(hookKey(site, base.command));
  const name = given ?? base.name ?? '';
  return { ...known, base: { ...base, name: renames.get(name) ?? name } };
}

/** Plans to remove the prefix. */
export function planUnwrap(
  text: string,
  site: HookSite,
  rules: Pick<WrapRules, 'agent' | 'isChosen' | 'disabledLines' | 'names'>,
): HookPlan {
  const { agent, isChosen, disabledLines } = rules;
  const found = inspectHook(text, site, agent);
  if (found === undefined) return unwrappable(site);
  const known = named(found, { ...rules, renames: new Map() });
  if (!known.isOurs) return keep(known, known.isByHand ? 'by_hand' : 'left');
  if (!isChosen(known.base.name ?? '')) return keep(known, 'unchanged', 'it was not chosen');
  if (isDisabled(known.site, disabledLines, known.base.written)) {
    return keep(
      known,
      'unchanged',
      'it is disabled by this text; remove it from the list of disabled hooks first',
    );
  }
  return change(known, 'unwrapped', known.base.command ?? '', known.removal);
}

/** A hook without a command. */
export function commandless(site: HookSite): HookFacts {
  const nothing = { name: undefined, command: undefined, written: undefined, program: undefined };
  return { ...siteFacts(site), ...nothing, isGuarded: true };
}

function unwrappable(site: HookSite): HookPlan {
  const { reason } = site;
  return { ...commandless(site), becomes: undefined, action: 'left', reason, edits: [] };
}

function knownLine(text: string, site: HookSite, command: Node, agent: AgentSettings): KnownHook {
  const value = command.value as string;
  const found = findWrapping(value, shellOf(site, agent));
  const own = found === undefined ? value : unwrap(value, found);
  const token = sourceOf(text, command);
  const isByHand = found === undefined && mentionsHookbus(value);
  const usualName = defaultHookName([], own);
  return {
    site,
    text,
    command,
    base: {
      ...siteFacts(site),
      written: value,
      program: found?.program,
      isGuarded: found?.isGuarded ?? (!isByHand || asksForHookbus(value)),
      name: isByHand ? nameByHand(own) : (found?.name ?? usualName),
      command: own,
    },
    usualName,
    isOurs: found !== undefined,
    isByHand,
    removal: found === undefined ? [] : [replace(command, unwrapToken(token, found))],
  };
}

/** The value of `--name`, or the name of what follows the prefix. */
function nameByHand(line: string): string {
  const given = /\s--name[ =](?:'([^']*)'|"([^"]*)"|(\S+))/.exec(line)?.slice(1).find(Boolean);
  return given ?? defaultHookName([], line.replace(/^.*\s(?:--|--shell)\s/s, ''));
}

function shellOf({ isForBash }: HookSite, { shell }: AgentSettings): LineShell {
  return isForBash && shell === 'sh' ? 'bash' : shell;
}

function wrapLine(known: KnownHook, rules: WrapRules): HookPlan {
  const { base, site, command, text } = known;
  const own = base.command ?? '';
  if (known.isByHand) return keep(known, 'by_hand');
  if (!rules.isChosen(base.name ?? '')) return keepUnchosen(known);
  const reason = reasonToLeave(known, rules);
  if (reason !== undefined) return leave(known, reason);
  const style: WrapStyle = {
    program: programFor(known, rules),
    shell: rules.windows === undefined ? shellOf(site, rules.agent) : 'git-bash',
    name: base.name,
    event: eventOption(site, rules.agent),
  };
  const wrapping = wrappingOf(own, style);
  const becomes = wrap(own, wrapping);
  const against = rules.windows === undefined ? undefined : reasonAgainst(becomes);
  if (against !== undefined) return leave(known, against);
  if (becomes === command.value) return keep(known, 'unchanged');
  const token = known.removal[0]?.content ?? sourceOf(text, command);
  return change(known, 'wrapped', becomes, [replace(command, wrapToken(token, wrapping))]);
}
