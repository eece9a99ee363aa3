import type { AgentSettings, Places } from '../../agents/settings/agent-settings.ts';
import {
  changeHookFiles,
  type HookFileRequest,
} from '../../app/install/hook-files/change-hook-files.ts';
import { findHookFiles, type HookFile } from '../../app/install/hook-files/find-hook-files.ts';
import type { FileReport } from '../../app/install/install.ts';
import { installedElsewhere } from '../../app/install/installed.ts';
import { settingsError } from '../../app/install/settings-file.ts';
import { requirePaths } from '../../app/store/open-store.ts';
import { defaultHome } from '../../config/home/paths.ts';
import { ownProgram, saveNodePath } from '../../os/own-program.ts';
import { installLines } from '../output/state/install.ts';
import { isConfirmed, isSharedConfirmed } from '../terminal/confirm.ts';
import type { Answer, Context, Given } from '../words/command.ts';
import { usageError } from '../words/values.ts';
import { mayAsk, readScope } from './choose-files.ts';
import { readRenames } from './renames.ts';
import { checkNames, fileJson, NOTHING_CHANGED } from './settings-answer.ts';
import { leftovers } from './settings-remarks.ts';

interface Place {
  readonly agent: AgentSettings;
  readonly places: Places;
  readonly context: Context;
}

type Work = HookFileRequest['work'];

/** Options that a file of settings would need. */
const UNUSABLE = ['settings', 'enable', 'enable-shared', 'store-raw', 'all-hooks'];

/** Performs `install` and `uninstall` where the hooks are files themselves. */
export async function workOnHookFiles(work: Work, given: Given, place: Place): Promise<Answer> {
  const { agent, places, context } = place;
  for (const option of UNUSABLE) {
    if (given.isOn(option) || given.values(option).length > 0)
      throw usageError(
        `--${option} does not work for ${agent.title}, which has no settings file for hooks. To switch recording on: ${agent.switchOn}`,
      );
  }
  const scopes = given.values('scope').map(readScope);
  const found = findHookFiles(agent, places);
  const files = found.filter(({ scope }) => scopes.length === 0 || scopes.includes(scope));
  if (files.length === 0) throw noFiles(place);
  const request = requestFor(work, files, given, context);
  const planned = changeHookFiles({ ...request, isDryRun: true });
  checkNames(given, planned);
  const { paths, now } = request;
  const known = { agent, paths, now, files: [], otherFiles: [] };
  const renamed = { ...request, renames: readRenames(given.values('name'), known, planned) };
  const chosen = scopes.length > 0 ? files : await agreed(renamed, given, context);
  if (chosen === undefined) return NOTHING_CHANGED;
  if (!request.isDryRun) saveNodePath(context.node, context.script, defaultHome(context.env));
  const done = changeHookFiles({ ...renamed, files: chosen });
  const left = changeHookFiles({
    ...renamed,
    files: files.filter((file) => !chosen.includes(file)),
    isChosen: () => false,
    isDryRun: true,
  }).map(asShared);
  const reports = [...done, ...left];
  const remarks = remarksOn(renamed, done, left, place);
  return {
    json: {
      agent: agent.agent,
      dry_run: request.isDryRun,
      files: reports.map((file) => fileJson(file, request.isDryRun)),
      remarks,
    },
    lines: (page) =>
      installLines({ work, isDryRun: request.isDryRun, files: reports, remarks }, page),
  };
}

function noFiles({ agent, places }: Place): Error {
  const looked = agent.hookDirectories?.(places).map(({ path }) => path) ?? [];
  return settingsError(
    `there is no hook of ${agent.title} in ${[...new Set(looked)].join(' or ')}`,
    'Its hooks are files that are named after their event, such as PreToolUse.',
  );
}

export function requestFor(
  work: Work,
  files: readonly HookFile[],
  given: Given,
  { settings, env, now, node, script }: Context,
): HookFileRequest {
  const [only, except] = [given.values('only'), given.values('except')];
  return {
    ...{ work, files, env, now },
    program: ownProgram(node, script),
    isChosen: (name) => (only.length === 0 || only.includes(name)) && !except.includes(name),
    renames: new Map(),
    isDryRun: given.isOn('dry-run'),
    paths: requirePaths(settings),
  };
}

/** A project's files are changed only if the user agrees; what `install` changed there, `uninstall` restores. */
async function agreed(
  request: HookFileRequest,
  given: Given,
  context: Context,
): Promise<readonly HookFile[] | undefined> {
  const { work, files } = request;
  const plan = (some: readonly HookFile[]): FileReport[] =>
    changeHookFiles({ ...request, files: some, isDryRun: true });
  const isOwn = ({ scope, prefix }: HookFile): boolean =>
    scope !== 'project' || (work === 'uninstall' && prefix === 'install');
  const own = files.filter(isOwn);
  const isAsked = mayAsk(given, context) && !given.isOn('yes');
  if (isAsked && !(await isConfirmed(context, work, plan(own)))) return undefined;
  const chosen = [...own];
  for (const file of files.filter((one) => !isOwn(one))) {
    const [report] = plan([file]);
    const isChanged = report !== undefined && report.before !== report.after;
    if (!isChanged || (isAsked && (await isSharedConfirmed(context, work, report))))
      chosen.push(file);
  }
  return chosen;
}

const asShared = (report: FileReport): FileReport => ({
  ...report,
  hooks: report.hooks.map((hook) =>
    hook.action === 'left' ? { ...hook, reason: 'the file is shared with the project' } : hook,
  ),
});

function remarksOn(
  { work, isDryRun, paths }: HookFileRequest,
  done: readonly FileReport[],
  left: readonly FileReport[],
  { agent, context }: Place,
): string[] {
  const hooks = done.flatMap((file) => file.hooks);
  const isWrapped = hooks.some(({ action }) => action === 'wrapped');
  const isRecorded = hooks.some(({ action }) => /^(?:wrapped|unchanged|by_hand)$/.test(action));
  const isShared = done.some(
    (file) => file.scope === 'project' && file.hooks.some(({ action }) => action === 'wrapped'),
  );
  const [moves, takes] = isDryRun ? ['would move', 'would take'] : ['moved', 'took'];
  const isOff = isRecorded && work === 'install' && !context.settings.enabled;
  const isDone = work === 'uninstall' && !isDryRun;
  const more = left.length === 0 ? [] : [leftRemark(work, agent, left.length)];
  return [
    ...(isWrapped
      ? [
          `Each hook ${moves} to hookbus-NAME in its directory, and a program that starts it ${takes} its place.`,
        ]
      : []),
    ...(isShared
      ? ['Commit hookbus-NAME together with NAME: without it, the program in its place refuses.']
      : []),
    ...more,
    ...(isOff ? [`Recording is off. To switch it on: ${agent.switchOn}.`] : []),
    ...(isDone && installedElsewhere({ files: [], paths }).length === 0 ? leftovers(paths) : []),
  ];
}

const leftRemark = (work: Work, { agent }: AgentSettings, count: number): string =>
  `${count} more ${count === 1 ? 'hook is' : 'hooks are'} shared with the project, so left alone. To ${work === 'install' ? 'wrap' : 'unwrap'} for everybody:\nhookbus ${work} --scope project --agent ${agent}`;
