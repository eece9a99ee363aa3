import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import { defaultLimitMs } from '../../domain/events.ts';
import { formatMs } from '../../format.ts';
import type { HookMetrics } from '../../metrics/report.ts';
import type { InspectedHook } from '../install/inspect-settings.ts';
import { advice, type Check, type Finding, problem } from './finding.ts';

/** With fewer runs, a P99 means little. */
const MIN_RUNS = 10;

/** From this share of the limit on, one slow day is enough to exceed it. */
const NEAR = 0.8;

/** The agents of a hook's latest executions on an event. */
type AgentsOf = (hookName: string, eventType: string) => readonly (string | null)[];

/**
 * Compares the P99 of each hook with its time limit: the one in the settings file, or the default for the event of the
 * agent that ran it.
 */
export function checkLimits(
  metrics: readonly HookMetrics[],
  installed: readonly InspectedHook[],
  agentsOf: AgentsOf,
): Check {
  const findings = metrics.flatMap((hook) => limitFindings(hook, installed, agentsOf));
  const summary = findings.length === 0 ? 'none is near' : `${findings.length} near or above`;
  return { name: 'time limits', summary, findings };
}

function limitFindings(
  hook: HookMetrics,
  installed: readonly InspectedHook[],
  agentsOf: AgentsOf,
): Finding[] {
  const { hook_name, event_type, p99_ms, runs } = hook;
  if (p99_ms === null || runs < MIN_RUNS) return [];
  const limitMs = limitOf(hook, installed, agentsOf);
  if (p99_ms < limitMs * NEAR) return [];
  const what = `${hook_name} on ${event_type}: its P99 is ${formatMs(p99_ms)} of a limit of ${formatMs(limitMs)}`;
  const why = 'The agent ends a hook that exceeds its limit, and discards what it printed.';
  const fix = 'Make the hook faster, or raise its time limit in the settings file.';
  return [p99_ms >= limitMs ? problem(what, why, fix) : advice(what, why, fix)];
}

/** The shortest limit, if several files contain the hook, or several agents ran one that no file contains. */
function limitOf(
  { hook_name, event_type }: HookMetrics,
  installed: readonly InspectedHook[],
  agentsOf: AgentsOf,
): number {
  const found = installed.filter(({ name, event }) => name === hook_name && event === event_type);
  const limits =
    found.length > 0
      ? found.map(({ limitMs }) => limitMs ?? defaultLimitMs(event_type))
      : agentsOf(hook_name, event_type).map((agent) => limitFor(agent, event_type));
  return limits.length === 0 ? defaultLimitMs(event_type) : Math.min(...limits);
}

function limitFor(agent: string | null, eventType: string): number {
  const settings = Object.values(AGENT_SETTINGS).find((one) => one.agent === agent);
  return (settings?.timeLimit.defaultMs ?? defaultLimitMs)(eventType);
}
