import type { Agent, Answer, HookOutput } from '../../domain/answer/decision.ts';

/** How its agent reads what a hook answered. An unknown agent is taken for Claude Code, whose contract most others copy. */
export function readAnswer(_agent: Agent | undefined, _output: HookOutput): Answer {
  return { decision: 'none', changesInput: false, contextChars: 0 };
}
