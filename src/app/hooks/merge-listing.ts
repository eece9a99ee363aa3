import { join } from 'node:path';
import type { Places } from '../../agents/settings/agent-settings.ts';
import { defaultHookName } from '../../domain/hook/hook-name.ts';
import { ownedHookName } from '../../domain/hook/owned-name.ts';
import { readAllHooks } from '../install/env/all-hooks.ts';
import type { ListedHook, Listing } from './claude-listing.ts';
import type { Configuration, FileProblem, FoundHook } from './configured-hooks.ts';
import type { Off } from './switches.ts';

/** A hook of the files or of the agent's own list, which does not say where each stands. */
export interface KnownHook extends Omit<FoundHook, 'path' | 'line' | 'place'> {
  readonly path: string | undefined;
  readonly line: number | undefined;
}

/** What is known of an agent's hooks. */
export interface KnownHooks {
  readonly hooks: readonly KnownHook[];
  readonly problems: readonly FileProblem[];
}

/**
 * What the files say, put right by what Claude Code says.
 * @param directory where it was asked
 */
export function mergeListing(
  { agent, hooks, problems }: Configuration,
  listing: Listing,
  directory: string,
  places: Places,
): KnownHooks {
  const left = [...listing.hooks];
  const take = (isIt: (listed: ListedHook) => boolean): boolean => {
    const at = left.findIndex(isIt);
    return at >= 0 && left.splice(at, 1).length === 1;
  };
  const known = hooks.map((hook): KnownHook => {
    if (!isAskedFor(hook, directory, places)) return hook;
    const isListed = take((listed) => isSame(hook, listed));
    return { ...hook, off: isListed ? offOfListed(hook, listing) : offOfUnlisted(hook, listing) };
  });
  const elsewhere = left.map((listed): KnownHook => {
    const limitMs = listed.limitMs ?? agent.timeLimit.defaultMs(listed.event);
    const hook = { ...listed, limitMs, agent: agent.agent, path: undefined, line: undefined };
    return {
      ...hook,
      kind: listed.type === 'command' ? 'line' : 'other',
      command: listed.type === 'command' ? listed.text : '',
      args: [],
      original: listed.type === 'command' ? listed.text : '',
      hookName: listed.type === 'command' ? defaultHookName([], listed.text) : '',
      isRecorded: false,
      off: offOfListed(hook, listing),
    };
  });
  return {
    hooks: [...known, ...elsewhere],
    problems: [...problems, ...more(hooks, listing, problems)],
  };
}

/** Whether the client has read the file of a hook. What skills and agents bring is known only while they run. */
function isAskedFor(
  { source, path }: FoundHook,
  directory: string,
  { projectRoot }: Places,
): boolean {
  if (source === 'skill' || source === 'agent') return false;
  if (source === 'project') return path === join(directory, '.claude', 'settings.json');
  if (source === 'local') return path === join(projectRoot, '.claude', 'settings.local.json');
  return true;
}

function isSame(hook: FoundHook, listed: ListedHook): boolean {
  const text = hook.kind === 'program' ? [hook.command, ...hook.args].join(' ') : hook.command;
  return (
    hook.source === listed.source &&
    hook.event === listed.event &&
    (hook.matcher ?? '') === (listed.matcher ?? '') &&
    hook.type === listed.type &&
    (hook.owner === undefined || hook.owner === listed.owner) &&
    (hook.kind === 'other' || text === listed.text)
  );
}

/** An administrator's word, wherever it stands. */
function policyOf(source: FoundHook['source'], { policy }: Listing): Off | undefined {
  const off = (reason: string): Off => ({
    why: 'policy',
    reason,
    path: undefined,
    line: undefined,
  });
  if (source === 'managed') return undefined;
  if (policy.disabledByPolicy) return off('your administrator disables all hooks');
  if (policy.managedOnly) return off('your administrator allows only managed hooks');
  if (policy.pluginOnly && source !== 'plugin') {
    return off('your administrator allows only hooks of plugins');
  }
  return undefined;
}

function offOfListed(
  hook: Pick<KnownHook, 'source'> & { off?: Off | undefined },
  listing: Listing,
) {
  // The client knows better what it can read; what is disabled it cannot tell, because all hooks were.
  const own = hook.off?.why === 'voided' ? undefined : hook.off;
  return own ?? policyOf(hook.source, listing);
}

function offOfUnlisted(hook: FoundHook, listing: Listing): Off | undefined {
  if (hook.off !== undefined) return hook.off;
  const policy = policyOf(hook.source, listing);
  // An administrator's hooks may be hidden.
  if (policy !== undefined || hook.source === 'managed') return policy;
  const { path, line, event } = hook;
  const error = listing.errors.find((one) => one.path === path);
  if (error !== undefined) return { why: 'voided', reason: error.reason, path, line: undefined };
  const isEvent = listing.events.size === 0 || listing.events.has(event);
  const reason = isEvent ? 'Claude Code does not list it' : `Claude Code has no event ${event}`;
  return { why: 'voided', reason, path, line };
}

/** Files that only the client finds fault with. */
function more(
  hooks: readonly FoundHook[],
  { errors }: Listing,
  known: readonly FileProblem[],
): FileProblem[] {
  const seen = new Set(known.map(({ path }) => path));
  return errors.flatMap(({ path, reason }): FileProblem[] => {
    if (seen.has(path)) return [];
    seen.add(path);
    const own = hooks.filter((hook) => hook.path === path);
    const source = own[0]?.source ?? 'user';
    return [{ source, kind: 'entry', path, line: undefined, reason, hooks: own.length }];
  });
}

/**
 * The hooks, of which every shell line in a file is recorded after `install --all-hooks`, also without a prefix of its
 * own. The client does not say whether it starts a hook of its list by a shell.
 */
export function recordedByPrefix(
  hooks: readonly KnownHook[],
  places: Places,
): readonly KnownHook[] {
  const { prefix, fault } = readAllHooks(places);
  if (prefix === undefined || fault !== undefined) return hooks;
  return hooks.map((hook) =>
    hook.kind !== 'line' || hook.isRecorded || hook.path === undefined
      ? hook
      : { ...hook, isRecorded: true, hookName: prefixedName(hook) },
  );
}

/** The launcher knows what Claude Code tells a hook: the directory of its plugin or skill. */
const prefixedName = ({ owner, original }: KnownHook): string =>
  owner === undefined ? defaultHookName([], original) : ownedHookName(owner, original);
