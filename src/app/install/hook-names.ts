import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentName } from '../../agents/settings/agent-settings.ts';
import type { HookSite } from '../../agents/settings/find-hooks.ts';
import { hookKey } from '../../agents/settings/hook-plan.ts';
import { type HookToName, nameHooks } from '../../agents/settings/name-hooks.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { type Fields, fieldsOf } from '../../domain/answer/fields.ts';
import { defaultHookName } from '../../domain/hook/hook-name.ts';
import { nameIdeas, programIdeas, toName } from '../../domain/hook/line-name.ts';
import { visible } from '../../domain/text/visible.ts';
import { isProtected, readPolicy } from '../../gates/policy.ts';
import { readBounded } from '../../os/read-bounded.ts';
import { replaceFile } from '../../os/replace-file.ts';
import { digestOf } from './settings-file.ts';

/** A hook of a settings file. */
interface Inspected {
  readonly site: HookSite;
  readonly prefix: 'install' | 'hand' | 'none';
  readonly command: string | undefined;
  /** The name that its prefix gives it; without a prefix it does not count. */
  readonly name: string | undefined;
}

/** Names that hooks have had, by the digest of their commands. */
type KnownNames = Readonly<Record<string, string>>;

/** What is known of an agent's hooks besides its files. */
export interface NameMemory {
  readonly agent: AgentName;
  readonly paths: StatePaths;
  /** Whether runs of the command are on record under the name, and no other command's. */
  readonly isOnRecord?: ((name: string, command: string) => boolean) | undefined;
}

/** The name of each command of an agent, by its key. A name that is on record or stands in a file never changes. */
export function namesOf(
  hooks: readonly Inspected[],
  memory?: NameMemory,
): ReadonlyMap<string, string> {
  const nameable = hooks.flatMap((hook) => toNameable(hook) ?? []);
  if (memory === undefined || nameable.every(({ written }) => written !== undefined)) {
    return nameHooks(nameable);
  }
  const { agent, paths, isOnRecord } = memory;
  const known = readNames(paths, agent);
  const policy = readPolicy();
  return nameHooks(nameable, {
    known: ({ key, usual, ideas }) => {
      const before = known[digestOf(key)];
      if (before !== undefined || ideas[0] === usual) return before;
      return isOnRecord?.(usual, commandIn(key)) === true ? usual : undefined;
    },
    // Root protects a hook by its name, so no other name may take that away.
    mayDiffer: (usual, name) => !isProtected(usual, policy) || isProtected(name, policy),
  });
}

const commandIn = (key: string): string => key.slice(key.indexOf(' ') + 1);

function toNameable({ site, prefix, command, name }: Inspected): HookToName | undefined {
  if (command === undefined) return undefined;
  const hook = { key: hookKey(site, command), event: site.event };
  if (prefix !== 'none') return { ...hook, written: name, usual: name ?? '', ideas: [] };
  const words = [site.command, ...(site.args?.children ?? [])].map((word) => String(word?.value));
  const isProgram = site.kind === 'program';
  const usual = isProgram ? defaultHookName(words) : defaultHookName([], command);
  const ideas = isProgram ? programIdeas(words) : nameIdeas(command);
  // The usual name needs no option, and may have a blank.
  const own = ideas.map((idea) => (idea === toName(usual) ? usual : idea));
  return { ...hook, written: undefined, usual, ideas: own };
}

const fileOf = ({ settings }: StatePaths): string => join(settings, 'names.json');

const MAX_BYTES = 4_000_000;
const MAX_NAME = 200;

function readAll(paths: StatePaths): Fields {
  try {
    return fieldsOf(JSON.parse(readBounded(fileOf(paths), MAX_BYTES)));
  } catch {
    // Missing or broken: then names follow from the commands alone.
    return {};
  }
}

function readNames(paths: StatePaths, agent: AgentName): KnownNames {
  const names = Object.entries(fieldsOf(readAll(paths)[agent]));
  return Object.fromEntries(
    names.flatMap(([key, name]) =>
      typeof name === 'string' && isUsable(name) ? [[key, name]] : [],
    ),
  );
}

/** With a NUL in its arguments no program can be started, and the hook would not run. */
const isUsable = (name: string): boolean =>
  name !== '' && name.length <= MAX_NAME && !name.startsWith('-') && visible(name) === name;

/** Remembers the names of wrapped hooks, for the time when they are not wrapped. */
export function rememberNames(
  hooks: readonly Inspected[],
  { agent, paths }: Pick<NameMemory, 'agent' | 'paths'>,
): void {
  const before = readNames(paths, agent);
  const after = { ...before };
  for (const { site, prefix, command, name } of hooks) {
    if (prefix === 'install' && name !== undefined) after[digestOf(hookKey(site, command))] = name;
  }
  if (JSON.stringify(after) === JSON.stringify(before)) return;
  const all = { ...readAll(paths), [agent]: after };
  try {
    mkdirSync(paths.settings, { recursive: true, mode: 0o700 });
    replaceFile(fileOf(paths), `${JSON.stringify(all, null, 2)}\n`);
  } catch {
    // The settings files have the names too, for as long as they are wrapped.
  }
}
