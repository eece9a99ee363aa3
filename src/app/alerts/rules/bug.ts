import type { WindowRow } from '../../../store/alerts.ts';
import type { Assessment } from '../rule.ts';

/**
 * A fault in the hook itself, which the calls that do not meet it do not mend, however many. It is mended when the script
 * has changed, or when a call of the kind that failed succeeds. If calls of that kind succeeded before it failed, the
 * fault depends on what was called, so that another success proves nothing: then only a changed script does.
 * @param rows newest first
 */
export function assessBug(
  rows: readonly WindowRow[],
  isFailed: (row: WindowRow) => boolean,
  since: string,
): Assessment {
  const failed = rows.filter(isFailed);
  const kinds = new Set(failed.map(kindOf));
  return {
    value: failed.length,
    threshold: 0,
    runs: rows.length,
    reason: lastLine(failed[0]?.error),
    isBad: failed.some(({ createdAt }) => createdAt >= since),
    isHealthy: [...kinds].every((kind) => isMended(rows, isFailed, kind)),
  };
}

/** What is known of a call without its payload. */
const kindOf = ({ command, eventType, toolName }: WindowRow): string =>
  JSON.stringify([command, eventType, toolName]);

function isMended(
  rows: readonly WindowRow[],
  isFailed: (row: WindowRow) => boolean,
  kind: string,
): boolean {
  const at = rows.findIndex((row) => isFailed(row) && kindOf(row) === kind);
  const failure = rows[at];
  if (failure === undefined) return true;
  const [later, earlier] = [rows.slice(0, at), rows.slice(at + 1)];
  const { command, scriptDigest: digest } = failure;
  const isSameScript = ({ scriptDigest }: WindowRow): boolean =>
    digest === null || scriptDigest === null || scriptDigest === digest;
  if (later.some((row) => row.command === command && !isSameScript(row))) return true;
  const isSuccess = (row: WindowRow): boolean =>
    kindOf(row) === kind && (row.status === 'success' || row.status === 'blocked');
  return later.some(isSuccess) && !earlier.some((row) => isSuccess(row) && isSameScript(row));
}

/** The last line of an error text that says something, for people. */
export function lastLine(text: string | null | undefined): string | undefined {
  return text?.trimEnd().split('\n').at(-1)?.trim() || undefined;
}
