import { resolve } from 'node:path';
import { isKnownEvent, matchedField } from '../../agents/matching/matched-value.ts';
import type { AgentName, Places } from '../../agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import { trustedByFiles } from '../hooks/codex-trust.ts';
import { configuredHooks, type FileProblem } from '../hooks/configured-hooks.ts';
import { missingScript } from '../hooks/missing-script.ts';
import type { Fields } from './hook-case.ts';
import { type Candidate, selectHooks } from './select-hooks.ts';

/** What somebody wants explained. */
export interface Question {
  readonly event: string;
  /** The tool, or what else the event's matchers are compared with. */
  readonly value: string | undefined;
  readonly input: Fields | undefined;
}

/** Which hooks of an agent run, and why the others do not. */
export interface Explanation {
  readonly agent: AgentName;
  readonly title: string;
  /** The hooks on the event. */
  readonly candidates: readonly Candidate[];
  /** How many hooks the agent has on other events. */
  readonly others: number;
  readonly problems: readonly FileProblem[];
}

/** Explains an event to the agents that know it, or have hooks on it. */
export function explain(
  question: Question,
  agents: readonly AgentName[],
  places: Places,
): Explanation[] {
  return agents.flatMap((agent) => {
    const settings = AGENT_SETTINGS[agent];
    const { hooks: found, problems } = configuredHooks(settings, places);
    const hooks = agent === 'codex' ? trustedByFiles(found, places) : found;
    const occasion = { agent, event: question.event, payload: payloadOf(agent, question, places) };
    const all = selectHooks(hooks, occasion, places, places.cwd).map((one) =>
      withScript(one, places),
    );
    const candidates = all.filter(({ hook }) => hook.event === question.event);
    if (candidates.length === 0 && !isKnownEvent(agent, question.event)) return [];
    const others = all.length - candidates.length;
    return [{ agent, title: settings.title, candidates, others, problems }];
  });
}

/** The agent starts a hook whose script is gone, and nothing comes of it. */
function withScript({ hook, verdict }: Candidate, places: Places): Candidate {
  const script = verdict.fires === 'no' ? undefined : missingScript(hook, places);
  if (script === undefined) return { hook, verdict };
  return {
    hook,
    verdict: { ...verdict, reason: `${verdict.reason}, but ${script} does not exist` },
  };
}

/** Only what was asked: a field that is missing makes a hook one that may run. */
function payloadOf(agent: AgentName, { event, value, input }: Question, places: Places): Fields {
  const field = matchedField(agent, event);
  const matched = value === undefined ? {} : { [field ?? 'tool_name']: value };
  if (input === undefined) return matched;
  if (field !== 'tool_name' && field !== 'toolName') return { ...matched, ...input };
  const path = input['file_path'];
  const absolute = typeof path === 'string' ? { file_path: resolve(places.cwd, path) } : {};
  const name = field === 'toolName' ? 'toolArgs' : 'tool_input';
  return { ...matched, [name]: { ...input, ...absolute } };
}
