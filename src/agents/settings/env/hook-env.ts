import type { Node } from 'jsonc-parser';
import type { AgentSettings } from '../agent-settings.ts';
import {
  type EnvChanges,
  type FindHolder,
  joinChanges,
  likelyChanges,
  restoreVariables,
  rootOf,
  setVariables,
  VARIABLES,
  type Values,
  variablesIn,
} from '../env-block.ts';
import { findHooks } from '../find-hooks.ts';
import { hookKey } from '../hook-plan.ts';
import { inspectHook } from '../wrap-hooks.ts';

/** What HookBus changed in the `env` of each hook, by the hook's event and command. */
export type HookEnvChanges = Readonly<Record<string, EnvChanges>>;

/** A hook of a file, for its `env`. */
interface Holder {
  readonly key: string;
  readonly node: Node;
  /** HookBus stands before its command. */
  readonly isRecorded: boolean;
}

/** Each hook once, also where it has several commands; equal ones get a number. */
function holdersIn(text: string, agent: AgentSettings, root = rootOf(text)): Holder[] {
  const holders = new Map<number, Holder>();
  const seen = new Map<string, number>();
  for (const site of findHooks(root, agent)) {
    const known = inspectHook(text, site, agent);
    if (known === undefined) continue;
    const { offset } = site.handler;
    const isRecorded = known.isOurs || known.isByHand;
    const before = holders.get(offset);
    if (before !== undefined) {
      holders.set(offset, { ...before, isRecorded: before.isRecorded || isRecorded });
      continue;
    }
    const name = `${site.event} ${hookKey(site, known.base.command)}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    holders.set(offset, { key: `${name} ${count}`, node: site.handler, isRecorded });
  }
  return [...holders.values()];
}

/** The variables that all recorded hooks of a file have in their `env`, with the same value. */
export function variablesOfHooks(text: string, root: Node, agent: AgentSettings): Values {
  const recorded = holdersIn(text, agent, root).filter(({ isRecorded }) => isRecorded);
  const [first, ...rest] = recorded.map(({ node }) => variablesIn(node));
  const shared = VARIABLES.filter((name) => rest.every((one) => one[name] === first?.[name]));
  return Object.fromEntries(
    shared.flatMap((name) => (first?.[name] === undefined ? [] : [[name, first[name]]])),
  );
}

const finder =
  (agent: AgentSettings, key: string): FindHolder =>
  (root, text) =>
    holdersIn(text, agent, root).find((holder) => holder.key === key)?.node;

/** Sets variables in the `env` of each recorded hook; one whose `env` is no object stays as it is. */
export function setInHooks(
  text: string,
  agent: AgentSettings,
  values: Values,
  isWanted: (variables: Values) => boolean = () => true,
): { readonly text: string; readonly changes: HookEnvChanges } {
  let current = text;
  const changes: Record<string, EnvChanges> = {};
  for (const { key, node, isRecorded } of holdersIn(text, agent)) {
    if (!isRecorded || !isWanted(variablesIn(node))) continue;
    for (const [name, value] of Object.entries(values)) {
      const set = setVariables(current, { [name]: value }, finder(agent, key));
      if (set === undefined || Object.keys(set.changes.previous).length === 0) continue;
      current = set.text;
      const before = changes[key];
      changes[key] = before === undefined ? set.changes : joinChanges(before, set.changes);
    }
  }
  return { text: current, changes };
}

/**
 * Undoes the changes.
 * @returns the text, and the changes that remain because `isWanted` is false for their hooks
 */
export function restoreInHooks(
  text: string,
  agent: AgentSettings,
  changes: HookEnvChanges,
  isWanted: (isRecorded: boolean) => boolean = () => true,
): { readonly text: string; readonly changes: HookEnvChanges } {
  let current = text;
  const rest: Record<string, EnvChanges> = {};
  for (const { key, isRecorded } of holdersIn(text, agent).reverse()) {
    const own = changes[key];
    if (own === undefined) continue;
    if (isWanted(isRecorded)) current = restoreVariables(current, own, finder(agent, key));
    else rest[key] = own;
  }
  return { text: current, changes: rest };
}

/** What HookBus probably changed, if nothing is known: it set what is all that an `env` has. */
export function likelyInHooks(text: string, agent: AgentSettings): HookEnvChanges {
  const likely = holdersIn(text, agent).map(
    ({ key }) => [key, likelyChanges(text, finder(agent, key))] as const,
  );
  return Object.fromEntries(likely.filter(([, { madeBlock }]) => madeBlock));
}

/** What two changes come to, the earlier one first. */
export function joinHookChanges(before: HookEnvChanges, now: HookEnvChanges): HookEnvChanges {
  const joined = Object.entries(now).map(([key, change]) => {
    const own = before[key];
    return [key, own === undefined ? change : joinChanges(own, change)] as const;
  });
  return { ...before, ...Object.fromEntries(joined) };
}
