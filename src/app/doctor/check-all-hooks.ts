import type { Places } from '../../agents/settings/agent-settings.ts';
import { readAllHooks } from '../install/env/all-hooks.ts';
import { advice, type Check, problem } from './finding.ts';

const AGAIN = 'Type hookbus install --all-hooks, or hookbus uninstall.';

/** Checks what `install --all-hooks` put before every command of Claude Code; no check without it. */
export function checkAllHooks(places: Places): Check[] {
  const { prefix, fault } = readAllHooks(places);
  if (prefix === undefined) return [];
  const name = 'all hooks';
  if (fault === undefined) return [{ name, summary: `recorded, through ${prefix}`, findings: [] }];
  if (fault.kind === 'unrecorded') {
    const finding = advice(
      `hooks of plugins, skills and administrators are not recorded: ${fault.reason}`,
      'They run as if HookBus were not there.',
      AGAIN,
    );
    return [{ name, summary: 'run, unrecorded', findings: [finding] }];
  }
  const finding = problem(
    `Claude Code can start no hook, no Bash call and no MCP server: ${fault.reason}`,
    'CLAUDE_CODE_SHELL_PREFIX names it in your settings file, and Claude Code starts each of them with it. No guard refuses anything.',
    AGAIN,
  );
  return [{ name, summary: 'does not work', findings: [finding] }];
}
