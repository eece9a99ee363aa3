import { existsSync, realpathSync } from 'node:fs';
import { findOnPath, readPlaces } from '../../agents/settings/agent-places.ts';
import type { AgentSettings, Places, Scope } from '../../agents/settings/agent-settings.ts';
import { isOff, isOn } from '../../agents/settings/env-block.ts';
import { checkFiles } from '../../app/doctor/check-files.ts';
import { type AgentRecording, readRecording } from '../../app/health/read-recording.ts';
import {
  boundsOf,
  type FoundFile,
  findSettings,
  nameSettings,
} from '../../app/install/find-settings.ts';
import { tryInspect } from '../../app/install/inspect-settings.ts';
import { createLedger } from '../../app/install/settings-ledger.ts';
import {
  type SwitchReport,
  type SwitchRequest,
  switchRecording,
} from '../../app/install/switch-recording.ts';
import { requirePaths } from '../../app/store/open-store.ts';
import { DECISIONS } from '../../domain/answer/decision.ts';
import { STATUSES } from '../../domain/execution.ts';
import { typedWord } from '../../domain/hook/shell-word.ts';
import { formatThings } from '../../format.ts';
import { unifiedDiff } from '../output/state/install.ts';
import { shortPath } from '../output/state/recording.ts';
import { hanging, visible } from '../output/text.ts';
import { askYesOrNo } from '../terminal/confirm.ts';
import type { Answer, Context, Given } from '../words/command.ts';
import { invalidValue, usageError } from '../words/values.ts';
import { readAgent, readScope } from './choose-files.ts';
import { readStoreRaw } from './switch-on.ts';

type Work = 'enable' | 'disable';

/** Performs `enable` and `disable`: changes the env block of settings files, and reports what counts then. */
export async function workOnSwitch(work: Work, given: Given, context: Context): Promise<Answer> {
  const { env, now, settings, cwd } = context;
  const places = readPlaces(env, cwd());
  const agent = await readAgent(given, places, context);
  if (!agent.hasEnvBlock && !agent.hasHookEnv) throw withoutBlock(work, agent);
  const paths = requirePaths(settings);
  const payloads = work === 'enable' ? payloadsOf(given) : given.isOn('store-raw');
  const ledger = createLedger(paths.settings, env);
  const common = { agent, isDryRun: given.isOn('dry-run'), paths, env, now };
  const files = await filesOf(work, given, agent, places, context);
  const reports = files.flatMap((file) => {
    const values = valuesOf(work, payloads, () => ledger.read(targetOf(file.path))?.env ?? null);
    return switchRecording({ ...common, files: [file], values });
  });
  const recording = recordingNow(agent, places, context);
  return {
    json: {
      agent: agent.agent,
      dry_run: common.isDryRun,
      files: reports.map((report) => reportJson(report, common.isDryRun)),
      recording,
    },
    lines: (page) => {
      const changes = reports.flatMap((report) =>
        reportLines(report, common.isDryRun, env['HOME']),
      );
      if (common.isDryRun) return changes;
      const state = stateText(work, recording, agent, env['HOME']);
      const next =
        given.isOn('store-raw') && work === 'disable' ? [] : nextOf(work, recording, agent);
      return [...changes, ...hanging('', visible(state), page), ...next.map(visible)];
    },
  };
}

function withoutBlock(work: Work, { title, switchOn }: AgentSettings): Error {
  const instead =
    work === 'enable' ? switchOn : `remove HOOKBUS_ENABLED from the shell that starts it`;
  return usageError(`the settings of ${title} have no env block. Instead: ${instead}`);
}

/** What `HOOKBUS_STORE_RAW` becomes; undefined: it stays. */
function payloadsOf(given: Given): string | undefined {
  const only = given.value('store-only');
  if (only === undefined) return readStoreRaw(given);
  if (readStoreRaw(given) !== undefined)
    throw usageError('use --store-raw or --store-only, not both');
  const words = only.split(',').map((word) => word.trim().toLowerCase());
  const known: readonly string[] = [...DECISIONS, ...STATUSES];
  if (words.every((word) => known.includes(word))) return words.join(',');
  throw invalidValue('--store-only', `a list of ${known.join(', ')}`, only);
}

function valuesOf(
  work: Work,
  payloads: string | boolean | undefined,
  changes: () => { readonly previous: object } | null,
): SwitchRequest['values'] {
  if (work === 'enable') {
    const stored = typeof payloads === 'string' ? { HOOKBUS_STORE_RAW: payloads } : {};
    return { HOOKBUS_ENABLED: '1', ...stored };
  }
  if (payloads === true) return { HOOKBUS_STORE_RAW: null };
  // What `enable` set is taken out again, and what somebody else set stays.
  const isOurs = Object.hasOwn(changes()?.previous ?? {}, 'HOOKBUS_STORE_RAW');
  return { HOOKBUS_ENABLED: null, ...(isOurs ? { HOOKBUS_STORE_RAW: null } : {}) };
}

const targetOf = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

/** The files to write. A file that a team shares is written only if the user names it, or says yes. */
async function filesOf(
  work: Work,
  given: Given,
  agent: AgentSettings,
  places: Places,
  context: Context,
): Promise<FoundFile[]> {
  const scopes = given.values('scope').map(readScope);
  const named = given.values('settings');
  if (named.length > 0) {
    return named.map((path) => bounded(nameSettings(path, scopes[0], agent, places), places));
  }
  if (agent.hasHookEnv && work === 'enable') return wrappedFiles(agent, scopes, places);
  if (scopes.length > 0) return scopes.map((scope) => placeOf(agent, scope, places));
  if (work === 'enable') return [placeOf(agent, 'user', places)];
  const isSet = ({ path }: FoundFile): boolean => {
    const { HOOKBUS_ENABLED: on, HOOKBUS_STORE_RAW: stored } = variablesOf(path, agent);
    return !isOff(given.isOn('store-raw') ? stored : on);
  };
  const found = findSettings(agent, places).filter(isSet);
  const own = found.filter(({ scope }) => scope !== 'project');
  const shared = found.filter(({ scope }) => scope === 'project');
  const agreed: FoundFile[] = [];
  for (const file of shared) {
    if (given.isOn('json') || given.isOn('dry-run')) continue;
    const question = `${visible(file.path)} is shared with the project.\nSwitch it off there for everybody? [y/N] `;
    if (await askYesOrNo(context, question, false)) agreed.push(file);
  }
  return [...own, ...agreed].map((file) => bounded(file, places));
}

/** Files with hooks that can be switched on; a team's only by its scope. */
function wrappedFiles(agent: AgentSettings, scopes: readonly Scope[], places: Places): FoundFile[] {
  const isWanted = ({ scope }: FoundFile): boolean =>
    scopes.length === 0 ? scope !== 'project' : scopes.includes(scope);
  const isWrapped = ({ path }: FoundFile): boolean =>
    tryInspect(path, agent)?.hooks.some(({ prefix }) => prefix !== 'none') === true;
  const files = findSettings(agent, places).filter((file) => isWanted(file) && isWrapped(file));
  if (files.length > 0) return files.map((file) => bounded(file, places));
  throw usageError(
    `no hook of ${agent.title} is wrapped there yet. Instead: hookbus install --agent ${agent.agent} --enable`,
  );
}

function variablesOf(path: string, agent: AgentSettings) {
  const file = tryInspect(path, agent);
  return file?.variables ?? {};
}

/** The first place of this scope that has a file, else the first. @throws HookbusError if there is none */
function placeOf(agent: AgentSettings, scope: Scope, places: Places): FoundFile {
  const found = findSettings(agent, places).find((file) => file.scope === scope);
  const place = agent.places(places).find((one) => one.scope === scope);
  const path = found?.path ?? place?.path;
  if (path === undefined)
    throw usageError(`${agent.title} has no settings file of scope ${scope} here`);
  return bounded({ path, scope }, places);
}

function bounded(file: FoundFile, places: Places): FoundFile {
  if (!existsSync(file.path)) return file;
  const within = boundsOf(file, places);
  return within === undefined ? file : { ...file, within };
}

/** What the files come to now: another one may say otherwise. */
function recordingNow(
  agent: AgentSettings,
  places: Places,
  { settings, env }: Context,
): AgentRecording | null {
  const isOnHere = settings.enabled;
  const facts = { places, paths: settings.paths, env, isOnHere, onPath: findOnPath(env) };
  const { inspected } = checkFiles(facts);
  return readRecording(inspected, isOnHere).find((one) => one.agent === agent.agent) ?? null;
}

function reportLines(report: SwitchReport, isDryRun: boolean, home: string | undefined): string[] {
  if (report.before === report.after) return [];
  if (isDryRun) return unifiedDiff(report).trimEnd().split('\n').map(visible);
  const shared = report.scope === 'project' ? ', shared with the project' : '';
  return [`Changed ${visible(shortPath(report.path, home))}${shared}.`];
}

function stateText(
  work: Work,
  recording: AgentRecording | null,
  { title }: AgentSettings,
  home: string | undefined,
): string {
  const { enabled = false, decided_by = null } = recording ?? {};
  const by = decided_by === null ? '' : `, by ${shortPath(decided_by, home)}`;
  if (recording !== null && enabled) {
    const restart = work === 'enable' ? ' Open sessions may need a restart.' : '';
    return `Recording is on for ${title}${by}, ${payloadWords(recording)}.${restart}`;
  }
  return work === 'enable'
    ? `Recording stays off for ${title}${by}, which counts more.`
    : `Recording is off for ${title}: hooks run unrecorded. Open sessions may need a restart.`;
}

function payloadWords({ payloads }: AgentRecording): string {
  if (payloads === null || isOff(payloads)) return 'without payloads';
  return isOn(payloads) ? 'with payloads' : `with payloads of ${payloads}`;
}

/** What to type next, on a line of its own. */
function nextOf(work: Work, recording: AgentRecording | null, { agent }: AgentSettings): string[] {
  if (recording === null || !recording.enabled) return [];
  const { hooks, recorded, unrecorded_shared, decided_by } = recording;
  const which = agent === 'claude' ? '' : ` --agent ${agent}`;
  if (work === 'disable') {
    const how =
      decided_by === null
        ? 'unset HOOKBUS_ENABLED'
        : `hookbus disable${which} --settings ${typedWord(decided_by)}`;
    return [`To switch it off there too: ${how}`];
  }
  if (hooks === 0) return [`There are no hooks yet. Once there are: hookbus install${which}`];
  if (recorded === hooks) return ['To see what runs: hookbus logs --follow'];
  const are = formatThings(hooks - recorded, 'hook is', 'hooks are');
  const scope = hooks - recorded === unrecorded_shared ? ' --scope project' : '';
  return [`${are} not wrapped yet: hookbus install${scope}${which}`];
}

const reportJson = (report: SwitchReport, isDryRun: boolean) => ({
  path: report.path,
  scope: report.scope,
  changed: report.before !== report.after,
  backup: report.backup ?? null,
  enabled: report.isEnabled,
  payloads: report.variables.HOOKBUS_STORE_RAW ?? null,
  diff: isDryRun ? unifiedDiff(report) : null,
});
