import type { Places } from '../../agents/settings/agent-settings.ts';
import {
  placeShell,
  requireAllHooks,
  retireShell,
  type ShellPlace,
} from '../../app/install/env/all-hooks.ts';
import { type FoundFile, ownSettings } from '../../app/install/find-settings.ts';
import type { FileReport, InstallRequest } from '../../app/install/install.ts';
import { switchRecording } from '../../app/install/switch-recording.ts';
import { typedWord } from '../../domain/hook/shell-word.ts';
import { visible } from '../output/text.ts';
import { askYesOrNo } from '../terminal/confirm.ts';
import type { Context, Given } from '../words/command.ts';
import { mayAsk } from './choose-files.ts';

/** What Claude Code 2.1.330 does otherwise while the variable is set. */
const COSTS = [
  'starts no hook, no Bash call and no MCP server if that file is deleted, so no guard refuses anything',
  'starts Bash calls and MCP servers through it too; they are passed on and not recorded',
  'starts one more shell for each Bash call',
  'does not verify hooks marked cloud: "device": for cloud sessions they run without HookBus, or not at all',
  'asks for permission for a few more Bash commands, since it does not rely on how bash reads them',
  'does not hide the text of a Bash call from its own pkill and pgrep, and does not watch its sleep',
  'switches off glob options of bash and zsh in one line that suits both',
  'does not say which script of a hook is missing, and counts the CPU time of Bash calls less exactly',
];

/** What to say before every hook is recorded. */
const costsOf = ({ copy }: ShellPlace): string =>
  `--all-hooks sets CLAUDE_CODE_SHELL_PREFIX to ${copy}. With it, Claude Code\n${COSTS.map((cost) => `- ${cost}`).join('\n')}`;

/** `agreed`: what to tell afterwards, for nobody was asked. */
export type AllHooksChoice =
  | { readonly place: undefined; readonly isRefused: boolean }
  | { readonly place: ShellPlace; readonly remarks: readonly string[] };

/** Says what `--all-hooks` costs, and asks. @throws HookbusError `E_SETTINGS_FILE` if it cannot work */
export async function chooseAllHooks(
  given: Given,
  { agent, program }: InstallRequest,
  places: Places,
  context: Context,
): Promise<AllHooksChoice> {
  if (!given.isOn('all-hooks')) return { place: undefined, isRefused: false };
  const { node, env } = context;
  const place = requireAllHooks({ agent, places, program, node, env });
  const text = costsOf(place);
  if (!mayAsk(given, context) || given.isOn('yes')) return { place, remarks: [text] };
  const isAgreed = await askYesOrNo(
    context,
    `${visibleLines(text)}\nRecord every hook? [y/N] `,
    false,
  );
  return isAgreed ? { place, remarks: [] } : { place: undefined, isRefused: true };
}

const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n');

/** The same request, that sets the variable in the user's own file. */
export function withPrefix(
  request: InstallRequest,
  { place }: AllHooksChoice,
  places: Places,
): InstallRequest {
  if (place === undefined) return request;
  const own = ownSettings(request.agent, places);
  const sets = (file: FoundFile) => ({
    ...request.sets(file),
    ...(file.path === own?.path ? { CLAUDE_CODE_SHELL_PREFIX: place.copy } : {}),
  });
  return { ...request, sets };
}

/** Sets the variable where the user's own file is not among those that were changed. */
export function setPrefix(
  files: readonly FileReport[],
  request: InstallRequest,
  { place }: AllHooksChoice,
  places: Places,
): FileReport[] {
  const own = ownSettings(request.agent, places);
  if (place === undefined || own === undefined || files.some(({ path }) => path === own.path))
    return [...files];
  const values = { CLAUDE_CODE_SHELL_PREFIX: place.copy };
  const reports = switchRecording({ ...request, files: [own], values });
  return [...reports.map((report) => ({ hooks: [], hasStatusLine: false, ...report })), ...files];
}

/** The variable alone records nothing. */
export function offRemark(
  files: readonly FileReport[],
  { place }: AllHooksChoice,
  { settings }: Context,
): string[] {
  const isKnown = files.some(({ hooks }) => hooks.length > 0);
  const isOn = settings.enabled || files.some(({ isEnabled }) => isEnabled);
  if (place === undefined || isKnown || isOn) return [];
  return ['Recording is off, so hooks run unrecorded. To switch it on: hookbus enable'];
}

/** Before any file names the copy, it is there. */
export function makeShell({ place }: AllHooksChoice, { isDryRun, program }: InstallRequest): void {
  const [launcher] = program;
  if (place !== undefined && !isDryRun && launcher !== undefined) placeShell(place, launcher);
}

/** What is left of it after `uninstall`. */
export function shellLeftovers(places: Places): string[] {
  const place = retireShell(places);
  if (place === undefined) return [];
  return [
    `Sessions of Claude Code that are open still start their commands with ${place.copy}, so it stays. Once they are closed:\nrm -r ${typedWord(place.directory)}`,
  ];
}
