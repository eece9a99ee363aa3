import { AGENT_SETTINGS } from '../../../agents/settings/settings-files.ts';
import { HOUR_MS } from '../../../domain/time.ts';
import { formatMs, withoutZeros } from '../../../format.ts';
import type { CensusEntry } from '../../hooks/census.ts';
import { type Check, type Finding, problem } from '../finding.ts';

/** Agents disagree whether Cursor counts in seconds, so nothing is certain there. */
const UNCERTAIN = 'cursor';

/** Nobody gives a hook less on purpose. */
const MIN_MS = 1000;

/** Reports time limits that were written in another agent's unit. */
export function checkUnits(entries: readonly CensusEntry[]): Check {
  const findings = entries.flatMap(unitFinding);
  const summary =
    findings.length === 0 ? 'as the agents count' : `${findings.length} in the wrong unit`;
  return { name: 'time units', summary, findings };
}

function unitFinding(entry: CensusEntry): Finding[] {
  const { agent, limitMs, hookName, event, path, line, title, kind } = entry;
  if (agent === UNCERTAIN || kind === 'other' || path === undefined) return [];
  const { unitMs, field } = AGENT_SETTINGS[agent].timeLimit;
  const value = limitMs / unitMs;
  const isShort = unitMs === 1 && limitMs < MIN_MS;
  // A round number of thousands was meant in ms.
  const isLong = unitMs === 1000 && limitMs > HOUR_MS && value % 1000 === 0;
  if (!isShort && !isLong) return [];
  const unit = unitMs === 1 ? 'milliseconds' : 'seconds';
  const meant = isShort ? value * 1000 : value / 1000;
  const why = isShort
    ? 'The agent ends it before it is done, and goes on: a guard that times out guards nothing.'
    : 'A hook that hangs holds the agent up for that long.';
  return [
    problem(
      `${path}:${line}: ${hookName} on ${event} has "${field}": ${value}, which is ${withoutZeros(formatMs(limitMs))}`,
      `${title} counts in ${unit}. ${why}`,
      `Write ${meant} if you meant ${withoutZeros(formatMs(meant * unitMs))}.`,
    ),
  ];
}
