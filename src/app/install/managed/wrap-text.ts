import { parseTomlHooks } from '../../../agents/formats/toml-hooks.ts';
import type { AgentSettings } from '../../../agents/settings/agent-settings.ts';
import type { Values } from '../../../agents/settings/env-block.ts';
import type { HookPlan } from '../../../agents/settings/hook-plan.ts';
import { applyEdits } from '../../../agents/settings/json-text.ts';
import { parseSettings } from '../../../agents/settings/read-settings-text.ts';
import { planWrap } from '../../../agents/settings/wrap-hooks.ts';
import { enabling } from '../env/env-plan.ts';
import { namesOf } from '../hook-names.ts';
import { inspectHooks } from '../inspect-settings.ts';
import { isForWindows } from '../other-lines.ts';
import { settingsError } from '../settings-file.ts';

export interface WrapTextRules {
  readonly agent: AgentSettings;
  /** The absolute path of HookBus on the machines that get the settings. */
  readonly program: string;
  /** What to set where hooks are wrapped. */
  readonly values: Values;
}

/**
 * Wraps the hooks in a text of settings for other machines. The result follows from the text and the rules alone: nothing
 * on this machine counts, neither its files, nor names that hooks had here, nor its policy.
 * @throws HookbusError `E_SETTINGS_FILE` if the text is not what the agent reads
 */
export function wrapText(
  text: string,
  { agent, program, values }: WrapTextRules,
): { readonly text: string; readonly hooks: readonly HookPlan[] } {
  const parsed = parseSettings(text, agent.allowsComments);
  if ('problem' in parsed) {
    if (agent.agent === 'codex' && isTomlWithHooks(text)) throw noToml();
    const { line, column, reason } = parsed.problem;
    throw settingsError(
      `the settings on stdin are not valid JSON at line ${line}, column ${column}: ${reason}`,
    );
  }
  const { root } = parsed;
  const hooks = inspectHooks(text, root, agent);
  const rules = {
    agent,
    scope: 'managed',
    program: [program],
    ownLines: new Set<string>(),
    bareElsewhere: new Map<string, string>(),
    disabledLines: new Set(agent.disabledIn?.(root)),
    isForWindowsToo: isForWindows({ text, hooks }),
    isChosen: () => true,
    names: namesOf(hooks),
    renames: new Map<string, string>(),
  } as const;
  const plans = hooks.map(({ site }) => planWrap(text, site, rules));
  const wrapped = applyEdits(
    text,
    plans.flatMap(({ edits }) => edits),
  );
  return { text: enabling(wrapped, agent, plans, values, undefined).after, hooks: plans };
}

function isTomlWithHooks(text: string): boolean {
  const found = parseTomlHooks(text);
  return found !== undefined && 'text' in found;
}

const noToml = (): Error =>
  settingsError(
    "wrap does not read TOML: put the hooks of Codex's config.toml into a hooks.json, which Codex reads too",
  );
