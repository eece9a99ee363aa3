import { accessSync, constants, statSync } from 'node:fs';
import type { AgentSettings, Places } from '../../agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import type { Environment } from '../../config/settings.ts';
import { HookbusError } from '../../domain/errors.ts';
import { canBlock } from '../../domain/events.ts';
import { SHARED } from '../../domain/hook/wrapping.ts';
import { repeatsAllows } from '../../gates/dedupe.ts';
import type { InspectedSettings } from '../health/read-recording.ts';
import { findSettings } from '../install/find-settings.ts';
import {
  type InspectedFile,
  type InspectedHook,
  inspectSettings,
} from '../install/inspect-settings.ts';
import { advice, type Check, type Finding, problem } from './finding.ts';

export interface FilesFacts {
  readonly places: Places;
  readonly paths: StatePaths | undefined;
  readonly env: Environment;
  /** Recording is enabled in this shell. */
  readonly isOnHere: boolean;
  /** The `hookbus` that a shell finds on PATH. */
  readonly onPath: string | undefined;
}

interface FilesReport {
  readonly checks: readonly Check[];
  readonly hooks: readonly InspectedHook[];
  readonly inspected: readonly InspectedSettings[];
  /** The file of each hook of this name on this event. */
  readonly filesOf: (hookName: string, eventType: string) => readonly string[];
  /** Files that cannot be read or are not JSON. */
  readonly unusable: ReadonlySet<string>;
}

const NOTHING_READ: FilesReport = {
  ...{ checks: [], hooks: [], inspected: [], unusable: new Set() },
  filesOf: () => [],
};

/** Checks the settings files of every agent: which hooks are wrapped, and whether their prefixes can start. */
export function checkFiles(facts: FilesFacts): FilesReport {
  if (facts.paths === undefined) return NOTHING_READ;
  const agents = Object.values(AGENT_SETTINGS).map((agent) => {
    const found = findSettings(agent, facts.places);
    const files = found.map(({ path, scope }) => ({
      path,
      scope,
      ...readFile(agent, path, facts),
    }));
    return { agent, files };
  });
  const checks = agents.flatMap(({ agent, files }) => {
    const own = files.flatMap(({ file }) => file ?? []);
    const findings = [...files.flatMap((file) => file.findings), ...sameHookTwice(own)];
    if (files.length === 0) return [];
    return [{ name: agent.title, summary: summaryOf(own), findings }];
  });
  const inspected = agents.flatMap(({ agent, files }) =>
    files.flatMap(({ file, scope }) => (file === undefined ? [] : { agent, scope, file })),
  );
  const switchedOn = agents.flatMap(({ agent, files }) => {
    const path = files.find(({ file }) => file?.isEnabled)?.path;
    const hasEnv = agent.hasEnvBlock || agent.hasHookEnv === true;
    return hasEnv && path !== undefined ? [{ title: agent.title, path }] : [];
  });
  return {
    checks: [...checks, checkSwitch(switchedOn, facts)],
    hooks: inspected.flatMap(({ agent, file }) =>
      file.hooks.map((hook) => ({
        ...hook,
        limitMs: hook.limitMs ?? agent.timeLimit.defaultMs(hook.event),
      })),
    ),
    inspected,
    filesOf: (hookName, eventType) =>
      inspected.flatMap(({ file }) =>
        file.hooks
          .filter(({ name, event }) => name === hookName && event === eventType)
          .map(() => file.path),
      ),
    unusable: new Set(
      agents.flatMap(({ files }) =>
        files.filter(({ file }) => file === undefined).map(({ path }) => path),
      ),
    ),
  };
}

interface ReadFile {
  readonly file: InspectedFile | undefined;
  readonly findings: readonly Finding[];
}

function readFile(agent: AgentSettings, path: string, facts: FilesFacts): ReadFile {
  try {
    const file = inspectSettings(path, agent);
    return { file, findings: [...brokenPrefixes(file, facts), ...replayedAllows(file)] };
  } catch (error) {
    if (!(error instanceof HookbusError)) throw error;
    const why = `${agent.title} may ignore the whole file, with every hook in it.`;
    const finding = problem(error.message, why, 'Correct the file.');
    return { file: undefined, findings: [finding] };
  }
}

/** Hooks that `install` wrapped. */
const isWrapped = ({ prefix, isDisabled }: InspectedHook): boolean =>
  prefix === 'install' && !isDisabled;

/** Hooks that run under HookBus, wrapped by `install` or by hand. */
const isRecorded = (hook: InspectedHook): boolean => isWrapped(hook) || hook.prefix === 'hand';

function summaryOf(files: readonly InspectedFile[]): string {
  const hooks = files.flatMap((file) => file.hooks).filter(({ command }) => command !== undefined);
  const wrapped = hooks.filter(isRecorded).length;
  const named = files.length === 1 ? '1 file' : `${files.length} files`;
  return `${named}, ${wrapped} of ${hooks.length} hooks wrapped`;
}

function brokenPrefixes(file: InspectedFile, facts: FilesFacts): Finding[] {
  const wrapped = file.hooks.filter(isWrapped);
  return [
    ...cannotStart(file, wrapped),
    ...unguarded(file),
    ...(wrapped.some(({ program }) => program?.[0] === SHARED) ? onPath(file, facts) : []),
  ];
}

/** Prefixes whose program cannot start. Prefixes written since 0.1.0 run the hook anyway. */
function cannotStart(file: InspectedFile, wrapped: readonly InspectedHook[]): Finding[] {
  const broken = new Map<string, InspectedHook[]>();
  for (const hook of wrapped) {
    const words = (hook.program ?? []).filter((word) => word.startsWith('/'));
    const [reason] = words.flatMap((word, at) => brokenReason(word, at === 0) ?? []);
    if (reason !== undefined) broken.set(reason, [...(broken.get(reason) ?? []), hook]);
  }
  const fix =
    'Type hookbus install to write the new path, or hookbus uninstall to remove the prefix.';
  return [...broken].flatMap(([reason, hooks]) =>
    [true, false].flatMap((isGuarded) => {
      const some = hooks.filter((hook) => hook.isGuarded === isGuarded);
      if (some.length === 0) return [];
      const what = `${file.path}: ${namesOf(some)} would start with ${reason}`;
      return isGuarded
        ? [advice(what, 'They run, but are not recorded.', fix)]
        : [problem(what, 'These hooks do not run, so they block nothing.', fix)];
    }),
  );
}

/** Why this file cannot be started, with its name. */
export function brokenReason(path: string, isProgram: boolean): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return `${path}, which does not exist`;
  if (!stat.isFile()) return `${path}, which is not a file`;
  if (stat.size === 0) return `${path}, which is empty`;
  try {
    accessSync(path, isProgram ? constants.X_OK : constants.R_OK);
    return undefined;
  } catch {
    return `${path}, which cannot be ${isProgram ? 'executed' : 'read'}`;
  }
}

/** Prefixes from version 0.1.0 or written by hand, on events where a broken HookBus would lose a refusal. */
function unguarded(file: InspectedFile): Finding[] {
  const hooks = file.hooks.filter(({ isGuarded, event }) => !isGuarded && canBlock(event));
  const kinds = [
    [hooks.filter(isWrapped), 'Type hookbus install to write the form that does.'],
    [
      hooks.filter((hook) => !isWrapped(hook)),
      'Remove the words before the command, then type hookbus install to write them; docs/install.md shows the form.',
    ],
  ] as const;
  return kinds.flatMap(([some, fix]) => {
    if (some.length === 0) return [];
    const what = `${file.path}: the prefix of ${namesOf(some)} does not let the hook run if hookbus is missing or broken`;
    const why = 'The agent then allows what the hook would refuse, and nobody notices.';
    return [problem(what, why, fix)];
  });
}

function onPath(file: InspectedFile, { onPath: found }: FilesFacts): Finding[] {
  const why = 'They run, but are not recorded.';
  if (found === undefined) {
    const what = `${file.path}: its hooks look for hookbus on PATH, but it is not there`;
    return [advice(what, why, 'Link hookbus into a directory of PATH (see PATH above).')];
  }
  const reason = brokenReason(found, true);
  if (reason === undefined) return [];
  return [advice(`${file.path}: its hooks find ${reason}`, why, 'Install hookbus again.')];
}

/** Guards with a duplicate policy that repeats an allow for a call that the guard never saw. */
function replayedAllows(file: InspectedFile): Finding[] {
  const replaying = file.hooks.filter(
    ({ event, written }) =>
      repeatsAllows('replay', event) && /\s--on-duplicate[ =]["']?replay\b/.test(written ?? ''),
  );
  return replaying.map(({ event, name }) =>
    problem(
      `${file.path}: ${name} on ${event} has --on-duplicate replay`,
      'A duplicate gets the allow of a hook that did not run for it.',
      'Remove the option: a duplicate still gets the refusal.',
    ),
  );
}

function namesOf(hooks: readonly InspectedHook[]): string {
  const names = [...new Set(hooks.map(({ name }) => name ?? ''))];
  const [first = '', second] = names;
  if (names.length <= 2) return second === undefined ? first : `${first} and ${second}`;
  return `${first} and ${names.length - 1} others`;
}

/** The same command on the same event in two files, spelled differently: the agent runs both. */
function sameHookTwice(files: readonly InspectedFile[]): Finding[] {
  const seen = new Map<string, { path: string; text: string }>();
  const findings: Finding[] = [];
  for (const { path, hooks } of files) {
    for (const { command, event, matcher, name, written } of hooks) {
      if (command === undefined || written === undefined) continue;
      const key = JSON.stringify([event, matcher ?? '', command]);
      const other = seen.get(key);
      if (other !== undefined && other.path !== path && other.text !== written) {
        findings.push(
          problem(
            `${name} on ${event} is in ${other.path} and in ${path}, spelled differently`,
            'Agents merge only identical text; this hook runs twice.',
            'Type hookbus install to make them the same, or remove one.',
          ),
        );
      }
      if (other === undefined) seen.set(key, { path, text: written });
    }
  }
  return findings;
}

function checkSwitch(
  files: readonly { readonly title: string; readonly path: string }[],
  { isOnHere }: FilesFacts,
): Check {
  const name = 'recording';
  if (files.length > 0) {
    const by = files.map(({ title, path }) => `on for ${title}, by ${path}`).join('; ');
    return { name, summary: by, findings: [] };
  }
  if (isOnHere) return { name, summary: 'on in this shell', findings: [] };
  const finding = advice(
    'recording is off, here and in every settings file',
    'Hooks run as if HookBus were not there.',
    'Type hookbus install --enable, or export HOOKBUS_ENABLED=1 in the shell that starts the agent.',
  );
  return { name, summary: 'off', findings: [finding] };
}
