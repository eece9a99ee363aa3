import type { Places } from '../../agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import { shellWord } from '../../domain/hook/shell-word.ts';
import { formatThings } from '../../format.ts';
import { findHookFiles, type HookFile } from '../install/hook-files/find-hook-files.ts';
import { brokenReason } from './check-files.ts';
import { advice, type Check, type Finding, problem } from './finding.ts';

/** Checks the hooks that are files: what `install` put in their place, and whether the hooks are still beside it. */
export function checkHookFiles(places: Places): Check[] {
  return Object.values(AGENT_SETTINGS).flatMap((agent) => {
    const files = findHookFiles(agent, places);
    if (files.length === 0) return [];
    const wrapped = files.filter(({ prefix }) => prefix !== 'none').length;
    const summary = `${formatThings(files.length, 'hook file')}, ${wrapped} wrapped`;
    return [{ name: agent.title, summary, findings: files.flatMap(findingsOn) }];
  });
}

function findingsOn(file: HookFile): Finding[] {
  const { path, form, moved, movedStat } = file;
  if (form === undefined) return movedStat?.isFile() ? [leftOver(file)] : [];
  // `scripts` reports a hook that is missing.
  const broken = !movedStat?.size ? undefined : brokenReason(moved, true);
  if (broken !== undefined)
    return [
      problem(
        `${path} starts ${broken}`,
        'The hook does not run, and its program refuses every call.',
        `Type chmod +x ${shellWord(moved)}, or put the hook back.`,
      ),
    ];
  const words = form.program.filter((word) => word.startsWith('/'));
  const [reason] = words.flatMap((word, at) => brokenReason(word, at === 0) ?? []);
  if (reason === undefined) return [];
  const fix = 'Type hookbus install --agent cline to write the new path.';
  return [advice(`${path} would start with ${reason}`, 'It runs, but is not recorded.', fix)];
}

/** A new file was put over what `install` wrote. */
const leftOver = ({ path, moved }: HookFile): Finding =>
  advice(
    `${path} is not what install wrote, and ${moved} is still there`,
    'Only the first runs.',
    `Keep one: move ${moved} over it, or delete it; then type hookbus install --agent cline.`,
  );
