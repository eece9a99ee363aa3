import type { AgentSettings } from '../../../agents/settings/agent-settings.ts';
import {
  type HookEnvChanges,
  joinHookChanges,
  likelyInHooks,
  restoreInHooks,
  setInHooks,
} from '../../../agents/settings/env/hook-env.ts';
import {
  type EnvChanges,
  joinChanges,
  likelyChanges,
  restoreVariables,
  rootOf,
  setVariables,
  type Values,
  variablesIn,
} from '../../../agents/settings/env-block.ts';
import type { HookPlan } from '../../../agents/settings/hook-plan.ts';
import type { InspectedFile } from '../inspect-settings.ts';
import type { LedgerEntry } from '../settings-ledger.ts';

interface EnvPlan {
  readonly after: string;
  /** What HookBus changed in the env block since before its first change. */
  readonly env: EnvChanges | null;
  /** The same for the `env` of each hook, where the agent has one. */
  readonly hookEnv?: HookEnvChanges;
}

/** Sets the values where hooks are wrapped. */
export function enabling(
  text: string,
  agent: AgentSettings,
  hooks: readonly HookPlan[],
  values: Values,
  known: LedgerEntry | undefined,
): EnvPlan {
  if (agent.hasHookEnv) {
    const set = setInHooks(text, agent, values);
    const hookEnv = joinHookChanges(known?.hookEnv ?? {}, set.changes);
    return { after: set.text, env: null, hookEnv };
  }
  const hasWrapped =
    values.CLAUDE_CODE_SHELL_PREFIX !== undefined ||
    hooks.some(({ action }) => /wrapped|unchanged|by_hand/.test(action));
  const set = hasWrapped ? setVariables(text, values) : undefined;
  return { after: set?.text ?? text, env: remembered(known?.env, set?.changes) };
}

/** Keeps the values from before the first change, however often recording was switched since. */
export function remembered(
  before: EnvChanges | null | undefined,
  now: EnvChanges | undefined,
): EnvChanges | null {
  const isNothing = now === undefined || Object.keys(now.previous).length === 0;
  if (isNothing) return before ?? null;
  return before ? joinChanges(before, now) : now;
}

/** Undoes it. Without an entry, nobody knows who enabled recording; if hooks were wrapped, `install` probably did. */
export function disabling(
  text: string,
  file: InspectedFile,
  agent: AgentSettings,
  hooks: readonly HookPlan[],
  known: LedgerEntry | undefined,
): EnvPlan {
  const isSomeLeft = hooks.some(({ action }) => action === 'unchanged');
  const wasOurs = hooks.some(({ action }) => action === 'unwrapped');
  const isNeeded = hooks.some(({ action }) => action === 'by_hand');
  const isLikely = wasOurs && !isNeeded;
  if (agent.hasHookEnv) {
    const changes = known?.hookEnv ?? (isLikely ? likelyInHooks(text, agent) : {});
    const isWanted = (isRecorded: boolean): boolean => !(isRecorded && isSomeLeft);
    const restored = restoreInHooks(text, agent, changes, isWanted);
    return { after: restored.text, env: null, hookEnv: restored.changes };
  }
  const env = known?.env ?? null;
  // The user unwrapped hooks by name, and these are still wrapped.
  if (isSomeLeft) return { after: text, env };
  if (known !== undefined) {
    return { after: env === null ? text : restoreVariables(text, env), env: null };
  }
  if (!isLikely || !file.isEnabled) {
    const isPrefixed = variablesIn(rootOf(text)).CLAUDE_CODE_SHELL_PREFIX !== undefined;
    const own = { previous: { CLAUDE_CODE_SHELL_PREFIX: null }, madeBlock: false };
    return { after: isPrefixed ? restoreVariables(text, own) : text, env };
  }
  return { after: restoreVariables(text, likelyChanges(text)), env: null };
}
