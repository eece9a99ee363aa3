import { CLINE_EVENTS } from '../../../agents/hook-files.ts';
import type { AgentSettings, Places } from '../../../agents/settings/agent-settings.ts';
import { shellWord } from '../../../domain/hook/shell-word.ts';
import { findHookFiles, type HookFile } from '../../install/hook-files/find-hook-files.ts';
import type { FoundHook } from '../configured-hooks.ts';

/** The hooks of an agent that are files themselves. */
export const hooksInDirectories = (agent: AgentSettings, places: Places): FoundHook[] =>
  findHookFiles(agent, places).map((file) => toHook(agent, file));

/** The event is the one in payloads of the command line. */
function toHook({ agent, timeLimit }: AgentSettings, file: HookFile): FoundHook {
  const event = CLINE_EVENTS[file.event] ?? file.event;
  const { path, form, moved, stat } = file;
  return {
    ...{ agent, event, otherEvent: file.event, path, line: 1 },
    ...{ matcher: undefined, condition: undefined, owner: undefined, source: file.scope },
    kind: 'program',
    type: 'command',
    command: path,
    args: [],
    original: form === undefined ? path : shellWord(moved),
    hookName: file.name,
    isRecorded: file.prefix !== 'none',
    limitMs: timeLimit.defaultMs(event),
    isAsync: false,
    off: stat.isSymbolicLink()
      ? { why: 'disabled', reason: 'it is a link, which Cline does not run', path, line: 1 }
      : undefined,
    place: path,
  };
}
