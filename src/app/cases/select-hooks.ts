import { dirname } from 'node:path';
import { type Occasion, testFiring } from '../../agents/matching/firing.ts';
import { no, type Verdict } from '../../agents/matching/verdict.ts';
import type { Places } from '../../agents/settings/agent-settings.ts';
import type { FoundHook } from '../hooks/configured-hooks.ts';

/** A hook, and whether it runs on an occasion. */
export interface Candidate {
  readonly hook: FoundHook;
  readonly verdict: Verdict;
}

/** Which hooks of an agent run on an occasion, in their order; of the same handler, only the first. */
export function selectHooks(
  hooks: readonly FoundHook[],
  occasion: Occasion,
  places: Places,
  cwd: string,
): Candidate[] {
  const seen = new Map<string, FoundHook>();
  return hooks.map((hook) => {
    const verdict = verdictOn(hook, occasion, places, cwd);
    if (verdict.fires === 'no') return { hook, verdict };
    const same = seen.get(keyOf(hook));
    if (same !== undefined) {
      return { hook, verdict: no(`it is the same as ${same.path}:${same.line}, which runs`) };
    }
    seen.set(keyOf(hook), hook);
    return { hook, verdict };
  });
}

function verdictOn(
  hook: FoundHook,
  occasion: Occasion,
  { home, projectRoot, agentHome }: Places,
  cwd: string,
): Verdict {
  if (hook.event !== occasion.event) return no(`it is on ${hook.event}`);
  if (hook.off !== undefined) return no(hook.off.reason);
  const settings = {
    project: projectRoot,
    local: cwd,
    user: agentHome.claude ?? (home && `${home}/.claude`),
  };
  const anchor = hook.source in settings ? settings[hook.source as 'user'] : dirname(hook.path);
  return testFiring(hook, occasion, { cwd, home, settings: anchor });
}

/** Claude Code and Gemini CLI run the same handler once, however often it stands in their settings. */
function keyOf({
  agent,
  kind,
  command,
  args,
  source,
  owner,
  path,
  line,
  limitMs,
}: FoundHook): string {
  const isShared =
    (agent === 'claude' && !['plugin', 'skill', 'agent'].includes(source)) || agent === 'gemini';
  const isCommand = kind !== 'other';
  return JSON.stringify(
    isShared && isCommand
      ? [kind, command, args]
      : [path, line, owner, kind, command, args, limitMs],
  );
}
