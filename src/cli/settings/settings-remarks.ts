import { existsSync } from 'node:fs';
import { findOnPath } from '../../agents/settings/agent-places.ts';
import type { AgentSettings, Places } from '../../agents/settings/agent-settings.ts';
import { type FoundFile, findNeighbours } from '../../app/install/find-settings.ts';
import type { FileReport, InstallRequest } from '../../app/install/install.ts';
import { installedElsewhere, isSwitchedOnElsewhere } from '../../app/install/installed.ts';
import { withoutCommandText } from '../../app/install/without-command.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { typedWord } from '../../domain/hook/shell-word.ts';
import { formatThings } from '../../format.ts';
import { pathAdvice } from '../../os/path-advice.ts';
import type { Context } from '../words/command.ts';

interface Work {
  readonly request: InstallRequest;
  readonly files: readonly FileReport[];
  /** Files that a team shares, which stayed as they were. */
  readonly left: readonly FileReport[];
  /** Shared files in which recording was not switched on. */
  readonly unset: readonly FoundFile[];
  readonly renames: ReadonlyMap<string, string>;
  readonly places: Places;
  readonly context: Context;
}

/** What the user has to know or do next. Each text is a sentence or two, then lines to copy. */
export function remarksOn(work: Work): string[] {
  const { request, files, left } = work;
  const isWritten = files.some(({ backup }) => backup !== undefined);
  const isChanged = files.some(({ before, after }) => before !== after);
  const { advice, warning } = request.agent;
  const isWarned = isChanged && request.work === 'install' && warning !== undefined;
  return [
    ...(isWritten ? [`The previous files are kept in:\n${request.paths.settings}`] : []),
    ...(isWarned ? [warning] : []),
    ...(isChanged && advice !== undefined ? [advice] : []),
    ...inBothFiles(work),
    ...left.flatMap((file) => ofShared(file, request)),
    ...(request.work === 'install' ? onInstall(work) : onUninstall(request)),
  ];
}

/** A command line for this agent. */
const lineFor = ({ agent }: AgentSettings, words: string): string =>
  `hookbus ${words}${agent === 'claude' ? '' : ` --agent ${agent}`}`;

function ofShared({ path, hooks }: FileReport, { work, agent }: InstallRequest): string[] {
  const isToDo = ({ action, command }: FileReport['hooks'][number]): boolean =>
    work === 'install' ? action === 'left' && command !== undefined : action === 'unchanged';
  const count = hooks.filter(isToDo).length;
  if (count === 0) return [];
  const verb = work === 'install' ? 'wrap' : 'unwrap';
  const line = lineFor(agent, `${work} --scope project`);
  return [
    `${path} is shared with the project, so it is left alone. To ${verb} its ${formatThings(count, 'hook')} for everybody:\n${line}`,
  ];
}

/** A command that both the user's and the project's file have can only be wrapped in both. */
function inBothFiles({ request: { work, agent }, files, left, context }: Work): string[] {
  if (work !== 'install') return [];
  const hooks = [...files, ...left].flatMap((file) => file.hooks);
  const twice = hooks.filter(({ reason }) => reason?.includes('has it too'));
  const canBe = twice.some(({ command }) =>
    hooks.every(
      (hook) => hook.command !== command || /has it too|is shared|^$/.test(hook.reason ?? ''),
    ),
  );
  if (!canBe) return [];
  const enable = context.settings.enabled ? '' : ' --enable';
  const line = lineFor(agent, `install --scope user --scope project${enable}`);
  return [
    `What two files have is wrapped in both or in none. To wrap it in both, for everybody:\n${line}`,
  ];
}

function onInstall(work: Work): string[] {
  const { request, files, left, unset, renames, places, context } = work;
  const { agent, program } = request;
  const remarks = findNeighbours(agent, places)
    .filter(({ path }) => files.every((file) => file.path !== path))
    .map(({ path, saying }) => `${path} ${saying}.`);
  const hooks = [...files, ...left].flatMap((file) => file.hooks);
  if (hooks.length === 0) return [...remarks, noHooks(agent, files)];
  const types = hooks.flatMap(({ type }) => (type === 'command' ? [] : type));
  const unrecordable = withoutCommandText(types);
  if (unrecordable !== undefined) remarks.push(`${unrecordable}. To see every hook: hookbus hooks`);
  if (files.some(({ hasStatusLine }) => hasStatusLine)) {
    remarks.push('The status line is not a hook, so it is not wrapped.');
  }
  for (const [old, name] of renames) {
    remarks.push(
      `${name} was ${old}: earlier runs stay under the old name, and what \`hookbus off\` or config.json says about ${old} no longer counts.\nhookbus logs --hook ${typedWord(old)}`,
    );
  }
  const isShared = hooks.some(
    ({ becomes }) => becomes?.includes('=$PATH:') || becomes?.includes('"$PATH:"'),
  );
  if (isShared && findOnPath(context.env) === undefined) {
    const advised = pathAdvice(program.at(-1) ?? '', context.env);
    remarks.push(`Hooks in shared files are recorded once hookbus is on your PATH:\n${advised}`);
  }
  for (const { path } of unset) {
    const line = lineFor(agent, 'install --scope project --enable-shared');
    remarks.push(
      `Nothing was set in the env block of ${path}, which is shared with the project. To switch recording on there, for everybody who has HookBus:\n${line}`,
    );
  }
  return [...remarks, ...whatNext(work)];
}

function noHooks({ agent, title }: AgentSettings, files: readonly FileReport[]): string {
  const where = files.length === 1 ? 'this file' : 'these files';
  const how = agent === 'claude' ? ' (/hooks)' : '';
  return `There are no hooks in ${where} yet. Add one in ${title}${how}, then run this again.`;
}

function whatNext({ request, files, left, context }: Work): string[] {
  const { agent, isDryRun } = request;
  const wrapped = [...files, ...left].flatMap((file) => file.hooks);
  if (!wrapped.some(({ action }) => /^(?:wrapped|unchanged|by_hand)$/.test(action))) return [];
  const isOn =
    context.settings.enabled ||
    files.some((file) => file.isEnabled) ||
    isSwitchedOnElsewhere(request);
  if (!isOn) {
    const will = isDryRun ? 'would run' : 'run';
    return [`Recording is off, so hooks ${will} unrecorded. To switch it on: ${agent.switchOn}.`];
  }
  if (isDryRun) return [];
  return [
    'Recording is on. Sessions that are open now may need a restart.',
    `What comes next:\n${files.some(({ scope }) => scope === 'managed') ? NEXT_FOR_ALL : NEXT}`,
  ];
}

const lines = (...all: readonly [line: string, what: string][]): string => {
  const width = Math.max(...all.map(([line]) => line.length));
  return all.map(([line, what]) => `${line.padEnd(width)}  ${what}`).join('\n');
};

const NEXT = lines(
  ['hookbus logs --follow', 'see hooks as they run'],
  ['hookbus status', 'see what is on, and what needs a look'],
  ['hookbus uninstall', 'undo'],
);

/** Executions are those of the user whose agent runs the hooks. */
const NEXT_FOR_ALL = lines(
  ['hookbus status', 'as a user: see what is on, and what needs a look'],
  ['hookbus uninstall --scope managed', 'undo'],
);

function onUninstall(request: InstallRequest): string[] {
  const others = installedElsewhere(request);
  const wrapped =
    others.length === 0
      ? []
      : [
          `These files are still wrapped. To unwrap one: hookbus uninstall --settings FILE\n${others.join('\n')}`,
        ];
  return [...wrapped, ...(request.isDryRun ? [] : leftovers(request.paths))];
}

/** What is left once nothing is wrapped, and how to remove it. */
export function leftovers({ home }: StatePaths): string[] {
  if (!existsSync(home)) return [];
  return [
    `What was recorded, and the previous settings files, stay in ${home}. To delete them:\nhookbus daemon stop; rm -r ${typedWord(home)}`,
  ];
}
