import type { ContextCost, CostReport, HookCost } from '../../../app/reading/cost-report.ts';
import {
  formatCount,
  formatMs,
  formatPercent,
  formatThings,
  formatWindow,
  NOTHING,
} from '../../../format.ts';

import { coveredText } from './covered.ts';

/* Texts that the terminal report and the HTML report share. */

export const TITLES = {
  hooks: 'What agents waited for',
  calls: 'The tool calls that waited longest',
  context: 'What hooks added to the context',
  sessions: 'The sessions that waited longest',
} as const;

/** A summary in a few sentences. */
export function headline(report: CostReport, nowMs: number): string[] {
  const { executions, blocked_ms, hook_ms, session_count, not_waited_for } = report;
  const covered = coveredText(report.covered, nowMs);
  const window = `${windowOf(report)}${covered && ` (${covered})`}`;
  if (executions === 0) return [`No execution started in ${window}.`];
  const waitedFor = formatThings(executions - not_waited_for.executions, 'execution');
  const savedMs = hook_ms - blocked_ms;
  const sentences = [
    `In ${window} agents waited ${formatMs(blocked_ms)} for ${waitedFor} in ${formatThings(session_count, 'session')}.`,
    ...(savedMs >= 1
      ? [`One after another the hooks would have taken ${formatMs(savedMs)} longer.`]
      : []),
    ...(not_waited_for.executions === 0
      ? []
      : [
          `Agents did not wait for ${formatThings(not_waited_for.executions, 'more execution')} (${formatMs(not_waited_for.total_ms)}).`,
        ]),
    ...(report.denied === 0 ? [] : [`Hooks refused ${formatThings(report.denied, 'time')}.`]),
    ...(report.relative_error === null
      ? []
      : [`Percentiles are within ${formatPercent(report.relative_error)}.`]),
  ];
  return sentences;
}

function windowOf({ window_hours: hours, session_id }: CostReport): string {
  if (hours === null) return `session ${session_id}`;
  return `the last ${formatWindow(hours)}`;
}

/** `10 s`, or `≥ 10 s`. */
export function suggestedTimeout({
  suggested_timeout_seconds: seconds,
  timeouts,
}: HookCost): string {
  if (seconds === null) return NOTHING;
  // A run that timed out would have taken longer.
  return `${timeouts > 0 ? '≥ ' : ''}${seconds} s`;
}

/** The same with the number of runs it is based on: `10 s (412)`. */
export function ratedTimeout(hook: HookCost): string {
  if (hook.suggested_timeout_seconds === null) return NOTHING;
  return `${suggestedTimeout(hook)} (${formatCount(hook.runs)})`;
}

/** `1,234`, or a range if the number is not known exactly. */
export function charactersText({ characters, characters_at_most: max }: ContextCost): string {
  if (characters === max) return formatCount(max);
  return `${characters === 0 ? '≤ ' : `${formatCount(characters)} – `}${formatCount(max)}`;
}

export const callTitle = ({ tool_name, tool_use_id }: CostReport['calls'][number]): string =>
  tool_name ?? tool_use_id;
