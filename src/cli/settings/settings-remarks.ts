import { findOnPath } from '../../agents/settings/agent-places.ts';
import type { Places } from '../../agents/settings/agent-settings.ts';
import { findNeighbours } from '../../app/install/find-settings.ts';
import type { FileReport, InstallRequest } from '../../app/install/install.ts';
import { installedElsewhere, isSwitchedOnElsewhere } from '../../app/install/installed.ts';
import { shellWord } from '../../domain/hook/shell-word.ts';
import type { Context } from '../words/command.ts';

interface Work {
  readonly request: InstallRequest;
  readonly files: readonly FileReport[];
  readonly places: Places;
  readonly context: Context;
}

/** What the user has to know or do next. Each text is a sentence or two, then lines to copy. */
export function remarksOn(work: Work): string[] {
  const { request, files } = work;
  const isWritten = files.some(({ backup }) => backup !== undefined);
  const isChanged = files.some(({ before, after }) => before !== after);
  const { advice } = request.agent;
  return [
    ...(isWritten ? [`The previous files are kept in:\n${request.paths.settings}`] : []),
    ...(isChanged && advice !== undefined ? [advice] : []),
    ...(request.work === 'install' ? onInstall(work) : onUninstall(request)),
  ];
}

function onInstall({ request, files, places, context }: Work): string[] {
  const { agent, program, isDryRun } = request;
  const remarks = findNeighbours(agent, places).map(({ path, saying }) => `${path} ${saying}.`);
  if (files.some(({ hasStatusLine }) => hasStatusLine)) {
    remarks.push('The status line is not a hook, so it is not wrapped.');
  }
  const hooks = files.flatMap((file) => file.hooks);
  const isShared = hooks.some(
    ({ becomes }) => becomes?.includes('=$PATH:') || becomes?.includes('"$PATH:"'),
  );
  if (isShared && findOnPath(context.env) === undefined) {
    const link = `ln -s ${shellWord(program.at(-1) ?? '')} ~/.local/bin/hookbus`;
    remarks.push(`Hooks in shared files are recorded once hookbus is on your PATH:\n${link}`);
  }
  const isOn =
    context.settings.enabled ||
    files.some((file) => file.isEnabled) ||
    isSwitchedOnElsewhere(request);
  if (!isOn) {
    remarks.push(`Recording is off, so hooks run unrecorded. To switch it on: ${agent.switchOn}.`);
  } else if (!isDryRun) remarks.push('Recording is on: `hookbus logs` shows what ran.');
  return remarks;
}

function onUninstall(request: InstallRequest): string[] {
  const others = installedElsewhere(request);
  if (others.length === 0) return [];
  return [
    `These files are still wrapped. To unwrap one: hookbus uninstall --settings FILE\n${others.join('\n')}`,
  ];
}
