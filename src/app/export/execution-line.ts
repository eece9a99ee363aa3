import { redactText } from '../../redaction/redaction.ts';
import type { LogRow } from '../../store/columns.ts';

/** What a line is; docs/execution.schema.json describes it. Another number means that a field changed or went. */
export const SCHEMA = 'hookbus.execution/1';

/** Columns with words of a hook, an agent or a user, which may have been stored with their secrets. */
const WORDS = [
  ...[
    'hook_name',
    'event_type',
    'tool_name',
    'session_id',
    'tool_use_id',
    'subagent',
    'cwd',
    'project',
  ],
  ...['command', 'error', 'decision_reason', 'dedupe_key', 'agent_variables'],
] as const satisfies readonly (keyof LogRow)[];

/** A row as it may go to others: with secrets replaced, and without variables, which are part of the payloads. */
export function exportedRow(row: LogRow, withPayloads: boolean): LogRow {
  const kept =
    withPayloads || row.agent_variables === null ? row : { ...row, agent_variables: null };
  if (row.redacted === 1) return kept;
  const words = WORDS.map((name) => [name, kept[name] === null ? null : redactText(kept[name])]);
  return { ...kept, ...(Object.fromEntries(words) as Partial<LogRow>) };
}
