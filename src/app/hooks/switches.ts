import type { SettingsText } from '../../agents/formats/located.ts';
import type { AgentSettings } from '../../agents/settings/agent-settings.ts';
import { memberOf } from '../../agents/settings/read-settings-text.ts';
import type { Source } from './configured-hook.ts';
import type { HookSource } from './hook-source.ts';

/** Why a hook that stands in a file does not run. */
export interface Off {
  /**
   * `voided`: the agent ignores its file or its entry. `policy`: an administrator says so. `untrusted`: it waits until the
   * user trusts it. `disabled`: a setting of the user says so.
   */
  readonly why: 'voided' | 'policy' | 'untrusted' | 'disabled';
  readonly reason: string;
  /** Where the cause stands; undefined if no file that HookBus can read says so. */
  readonly path: string | undefined;
  readonly line: number | undefined;
}

/** A settings file that was read. */
export interface ReadSettings {
  readonly source: HookSource;
  readonly text: SettingsText;
}

/** Of a hook, what switches go by. */
interface Subject {
  readonly path: string;
  readonly source: Source;
  /** Its name for its agent, else its command. */
  readonly id: string;
}

/** Later settings overrule earlier ones. */
export const RANKS: readonly Source[] = ['user', 'project', 'local', 'managed'];

/** Why the settings keep a hook from running; undefined if they do not. */
export function createSwitches(
  agent: AgentSettings,
  files: readonly ReadSettings[],
): (hook: Subject) => Off | undefined {
  const settings = files
    .filter(({ source }) => RANKS.includes(source.source))
    .sort((a, b) => RANKS.indexOf(a.source.source) - RANKS.indexOf(b.source.source));
  const whole = wholeSwitch(
    agent,
    settings.filter(({ source }) => source.isAlone !== true),
  );
  const alone = new Map(
    settings
      .filter(({ source }) => source.isAlone === true)
      .map((file) => [file.source.path, wholeSwitch(agent, [file])] as const),
  );
  const locks = settings.filter(({ source }) => source.source === 'managed').flatMap(locksOf);
  const lists = settings.map(({ source, text }) => ({
    path: source.path,
    listed: new Set(agent.disabledIn?.(text.root)),
  }));
  return (hook) => {
    const lock = locks.find(({ allows }) => !allows.includes(hook.source));
    if (lock !== undefined) return lock.off;
    if (whole !== undefined && (whole.why === 'policy' || hook.source !== 'managed')) return whole;
    const own = alone.get(hook.path);
    if (own !== undefined) return own;
    const list = lists.find(({ listed }) => listed.has(hook.id));
    const reason = 'hooksConfig.disabled lists it';
    return list && { why: 'disabled', reason, path: list.path, line: undefined };
  };
}

function wholeSwitch(agent: AgentSettings, settings: readonly ReadSettings[]): Off | undefined {
  const found = settings.flatMap(({ source, text }) => {
    const one = agent.switchIn?.(text.root);
    return one === undefined ? [] : [{ ...one, source, line: text.lineOf(one.node) }];
  });
  const last = found.at(-1);
  if (last?.isOff !== true) return undefined;
  return {
    why: last.source.source === 'managed' ? 'policy' : 'disabled',
    reason: `${last.name} is ${last.node.value}`,
    path: last.source.path,
    line: last.line,
  };
}

/** What an administrator's file allows for Claude Code; no other agent has these names. */
const LOCKS: readonly (readonly [name: readonly string[], allows: readonly Source[]])[] = [
  [['allowManagedHooksOnly'], ['managed']],
  [
    ['strictPluginOnlyCustomization', 'hooks'],
    ['managed', 'plugin'],
  ],
];

function locksOf({ source, text }: ReadSettings) {
  return LOCKS.flatMap(([names, allows]) => {
    const node = names.reduce<SettingsText['root'] | undefined>(memberOf, text.root);
    if (node?.value !== true) return [];
    const off: Off = {
      why: 'policy',
      reason: `${names.join('.')} is true`,
      path: source.path,
      line: text.lineOf(node),
    };
    return [{ allows, off }];
  });
}
