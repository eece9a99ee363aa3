import { isFields } from '../../domain/answer/fields.ts';
import type { AgentName } from '../settings/agent-settings.ts';
import { CostlyPattern } from './bounded-pattern.ts';
import { testCondition } from './condition.ts';
import { testMatcher } from './matcher.ts';
import type { Anchors } from './path-pattern.ts';
import { no, unknown, type Verdict } from './verdict.ts';

/** An event as an agent would report it, with the payload as far as it is known. */
export interface Occasion {
  readonly agent: AgentName;
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The part of a hook that decides when it runs. */
export interface Trigger {
  readonly event: string;
  readonly matcher: string | undefined;
  readonly condition: string | undefined;
}

/** Whether an agent runs a hook on an occasion, and why. */
export function testFiring(hook: Trigger, occasion: Occasion, anchors: Anchors): Verdict {
  try {
    return firing(hook, occasion, anchors);
  } catch (error) {
    if (error instanceof CostlyPattern) return unknown('a pattern takes too long to try');
    throw error;
  }
}

/** @throws CostlyPattern */
function firing(hook: Trigger, occasion: Occasion, anchors: Anchors): Verdict {
  const { agent, event, payload } = occasion;
  if (hook.event !== event) return no(`it is on ${hook.event}`);
  const matched = testMatcher(agent, event, hook.matcher, payload);
  if (matched.fires === 'no' || hook.condition === undefined || agent !== 'claude') return matched;
  const { tool_name: tool, tool_input: input } = payload;
  const call = {
    event,
    tool: typeof tool === 'string' ? tool : undefined,
    input: isFields(input) ? input : undefined,
  };
  const allowed = testCondition(hook.condition, call, anchors);
  if (allowed.fires === 'no' || matched.fires === 'yes') return allowed;
  return matched;
}
