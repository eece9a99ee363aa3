import type { AgentSettings, Scope } from '../../agents/settings/agent-settings.ts';
import { isOn } from '../../agents/settings/env-block.ts';
import { memberOf, textOf } from '../../agents/settings/read-settings-text.ts';
import type { InspectedFile } from '../install/inspect-settings.ts';

/** Whether the hooks of an agent are recorded, by its settings files and this shell. */
export interface AgentRecording {
  readonly agent: string;
  readonly title: string;
  readonly enabled: boolean;
  /** The settings file that says whether; null: none does, so the shell that starts the agent decides. */
  readonly decided_by: string | null;
  /** `HOOKBUS_STORE_RAW` of the settings files; null: they do not set it. */
  readonly payloads: string | null;
  /** Hooks with a command. */
  readonly hooks: number;
  /** Those of them that run under HookBus. */
  readonly recorded: number;
  /** Those that do not, in a file that a team shares: `install` takes it only by its scope. */
  readonly unrecorded_shared: number;
  /** Hooks without a command, by their type, such as `http`; HookBus cannot record them. */
  readonly unrecordable: Readonly<Record<string, number>>;
}

export interface InspectedSettings {
  readonly agent: AgentSettings;
  readonly scope: Scope;
  readonly file: InspectedFile;
}

/** In which order an agent reads its files; the last one that has a variable decides. */
const ORDER: readonly Scope[] = ['user', 'project', 'local'];

/** One entry for each agent that has settings files here. */
export function readRecording(
  inspected: readonly InspectedSettings[],
  isOnHere: boolean,
): AgentRecording[] {
  const agents = [...new Set(inspected.map(({ agent }) => agent))];
  return agents.map((agent) => {
    const files = inspected
      .filter((one) => one.agent === agent)
      .sort((a, b) => ORDER.indexOf(a.scope) - ORDER.indexOf(b.scope));
    const hasEnv = agent.hasEnvBlock || agent.hasHookEnv === true;
    const deciding = hasEnv
      ? files.findLast(({ file }) => switchOf(file) !== undefined)
      : undefined;
    const hooks = files.flatMap(({ file }) => file.hooks);
    const commands = hooks.filter(({ command }) => command !== undefined);
    const isAll = files.some(
      ({ scope, file }) => scope === 'user' && file.variables.CLAUDE_CODE_SHELL_PREFIX,
    );
    const isRecorded = (hook: InspectedFile['hooks'][number]): boolean =>
      isWrapped(hook) || (isAll && hook.site.kind === 'line' && !hook.isDisabled);
    const shared = files.flatMap(({ scope, file }) => (scope === 'project' ? file.hooks : []));
    return {
      agent: agent.agent,
      title: agent.title,
      enabled: deciding === undefined ? isOnHere : isOn(switchOf(deciding.file)),
      decided_by: deciding?.file.path ?? null,
      payloads: hasEnv ? (files.map(payloadsOf).findLast(Boolean) ?? null) : null,
      hooks: commands.length,
      recorded: commands.filter(isRecorded).length,
      unrecorded_shared: shared.filter((hook) => hook.command !== undefined && !isRecorded(hook))
        .length,
      unrecordable: typesOf(hooks.filter(({ command }) => command === undefined)),
    };
  });
}

const isWrapped = ({ prefix, isDisabled }: InspectedFile['hooks'][number]): boolean =>
  prefix !== 'none' && !isDisabled;

const switchOf = ({ variables }: InspectedFile): string | undefined => variables.HOOKBUS_ENABLED;

const payloadsOf = ({ file }: InspectedSettings): string | undefined =>
  file.variables.HOOKBUS_STORE_RAW;

function typesOf(hooks: InspectedFile['hooks']): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { site } of hooks) {
    const type = textOf(memberOf(site.handler, 'type')) ?? 'untyped';
    counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}
