import type { ContextCost, CostReport, HookCost } from '../../../app/reading/cost-report.ts';
import {
  formatCount,
  formatMs,
  formatPercent,
  formatThings,
  formatWindow,
  NOTHING,
} from '../../../format.ts';

/* Texts that the terminal report and the HTML report share. */

export const TITLES = {
  hooks: 'By hook: how long agents waited, and a suggested timeout from P99',
  calls: 'The longest tool calls, and the hook that finished last',
  context: 'What hooks added to the context',
} as const;

/** How many of the longest calls are shown; --json has more. */
const MAX_CALLS = 10;

export const shownCalls = ({ calls }: CostReport): CostReport['calls'] => calls.slice(0, MAX_CALLS);

/** A summary in a few sentences. */
export function headline(report: CostReport): string[] {
  const { executions, blocked_ms, hook_ms, session_count, not_waited_for, call_count } = report;
  if (executions === 0) return [`No execution started in ${windowOf(report)}.`];
  const saved = hook_ms > 0 ? (hook_ms - blocked_ms) / hook_ms : 0;
  const apart =
    not_waited_for.executions === 0
      ? ''
      : ` The agent did not wait for ${formatThings(not_waited_for.executions, 'more execution')} (${formatMs(not_waited_for.total_ms)}).`;
  return [
    `In ${windowOf(report)} agents waited ${formatMs(blocked_ms)} for ${formatThings(executions - not_waited_for.executions, 'execution')} of hooks, in ${formatThings(session_count, 'session')} and for ${formatThings(call_count, 'event')} of tool calls.`,
    `In sequence they would have taken ${formatMs(hook_ms)}; running in parallel saved ${formatPercent(saved)}.${apart}`,
    ...(report.denied === 0 ? [] : [`Hooks refused ${formatThings(report.denied, 'time')}.`]),
    ...(report.relative_error === null
      ? []
      : [`Percentiles are within ${formatPercent(report.relative_error)}.`]),
  ];
}

export function windowOf({ window_hours: hours, session_id }: CostReport): string {
  if (hours === null) return `session ${session_id}`;
  return `the last ${formatWindow(hours)}`;
}

/** A timeout with the number of runs it is based on: `10 s (412)`. */
export function ratedTimeout({
  suggested_timeout_seconds: seconds,
  runs,
  timeouts,
}: HookCost): string {
  if (seconds === null) return NOTHING;
  // A run that timed out would have taken longer.
  return `${timeouts > 0 ? '≥ ' : ''}${seconds} s (${formatCount(runs)})`;
}

/** `1,234`, or a range if the number is not known exactly. */
export function charactersText({ characters, characters_at_most: max }: ContextCost): string {
  if (characters === max) return formatCount(max);
  return `${characters === 0 ? '≤ ' : `${formatCount(characters)} – `}${formatCount(max)}`;
}

export const callTitle = ({ tool_name, tool_use_id }: CostReport['calls'][number]): string =>
  tool_name ?? tool_use_id;
