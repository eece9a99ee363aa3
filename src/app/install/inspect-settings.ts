import type { Node } from 'jsonc-parser';
import type { AgentSettings } from '../../agents/settings/agent-settings.ts';
import { variablesOfHooks } from '../../agents/settings/env/hook-env.ts';
import { isOn, type Values, variablesIn } from '../../agents/settings/env-block.ts';
import { findHooks, type HookSite } from '../../agents/settings/find-hooks.ts';
import { type HookFacts, hookKey, isDisabled } from '../../agents/settings/hook-plan.ts';
import { commandless, inspectHook } from '../../agents/settings/wrap-hooks.ts';
import { namesOf } from './hook-names.ts';
import { readSettingsFile, type SettingsFile } from './settings-file.ts';

/** A hook as its settings file has it now. */
export interface InspectedHook extends HookFacts {
  readonly site: HookSite;
  /** Who wrote its prefix. */
  readonly prefix: 'install' | 'hand' | 'none';
  /** The file lists its text as disabled. */
  readonly isDisabled: boolean;
}

/** A settings file as it is now. */
export interface InspectedFile extends SettingsFile {
  readonly hooks: readonly InspectedHook[];
  /** Lines that the file lists as disabled. */
  readonly disabledLines: ReadonlySet<string>;
  /** What its env block sets, or that of each recorded hook, and whether that enables recording. */
  readonly variables: Values;
  readonly isEnabled: boolean;
}

/** Reads a settings file and finds its hooks. @throws HookbusError `E_SETTINGS_FILE` like `readSettingsFile` */
export function inspectSettings(path: string, agent: AgentSettings): InspectedFile {
  const file = readSettingsFile(path, agent.allowsComments);
  const disabledLines = new Set(agent.disabledIn?.(file.root));
  const hooks = inspectHooks(file.hookText ?? file.text, file.root, agent).map((hook) => ({
    ...hook,
    isDisabled: isDisabled(hook.site, disabledLines, hook.written),
  }));
  const variables = readVariables(file.hookText ?? file.text, file.root, agent);
  const isEnabled = isOn(variables.HOOKBUS_ENABLED);
  return { ...file, hooks, disabledLines, variables, isEnabled };
}

/** HookBus's variables in a settings file. */
export const readVariables = (text: string, root: Node, agent: AgentSettings): Values =>
  agent.hasHookEnv ? variablesOfHooks(text, root, agent) : variablesIn(root);

/** The hooks of a settings file's text, in its order. */
export function inspectHooks(
  text: string,
  root: Node,
  agent: AgentSettings,
): Omit<InspectedHook, 'isDisabled'>[] {
  const hooks = findHooks(root, agent).map((site) => {
    const known = inspectHook(text, site, agent);
    const prefix = known?.isOurs ? 'install' : known?.isByHand ? 'hand' : 'none';
    return { ...(known?.base ?? commandless(site)), site, prefix } as const;
  });
  const names = namesOf(hooks);
  return hooks.map((hook) => {
    const { site, prefix, command, name } = hook;
    return prefix === 'none' ? { ...hook, name: names.get(hookKey(site, command)) ?? name } : hook;
  });
}

/** The same; undefined if the file cannot be used, which matters only for a file that the user named. */
export function tryInspect(path: string, agent: AgentSettings): InspectedFile | undefined {
  try {
    return inspectSettings(path, agent);
  } catch {
    return undefined;
  }
}
