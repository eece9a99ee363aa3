import { formatAge, formatThings } from '../../format.ts';
import type { LogRow } from '../../store/columns.ts';
import type { Notice } from '../../store/queries/overview.ts';
import type { HookProblems } from '../../store/queries/problems.ts';
import { canRefuse, type HookFault, hasOddExits, type NameOf, shortened } from './hook-troubles.ts';

/**
 * What agents ignored of the answers of these hooks, and failures that exit code 0 hides. Notices have the form
 * `HOOK: EVENT: what is wrong`.
 */
export function ignoredAnswers(
  notices: readonly Notice[],
  hooks: readonly HookProblems[],
  since: string,
  nameOf: NameOf,
  nowMs: number,
): HookFault[] {
  return notices.flatMap(({ kind, text, count, last_seen }): HookFault[] => {
    if (kind !== 'mistake' || last_seen < since) return [];
    const hook = hooks.find((one) => text.startsWith(prefixOf(one)));
    if (hook === undefined) return [];
    const what = text.slice(prefixOf(hook).length);
    // Exit codes and broken JSON are counted with the executions.
    if (hook.oddExit.count > 0 && hasOddExits(hook) && what.startsWith('exit code 1 ')) return [];
    if (hook.brokenJson.count > 0 && /does not read it|^stdout /.test(what)) return [];
    const last = formatAge(new Date(last_seen), nowMs);
    const sentence = `${nameOf(hook)}: ${shortened(what)} (${formatThings(count, 'time')}, last ${last})`;
    return [
      {
        kind: 'ignored',
        harm: canRefuse(hook) ? 'unguarded' : 'misled',
        text: sentence,
        hook,
        seen: { count, latest: null },
        weight: 1 + Math.min(count / hook.runs, 1),
      },
    ];
  });
}

const prefixOf = ({ hookName, eventType }: HookProblems): string => `${hookName}: ${eventType}: `;

/** Whether a notice is about the answer of a hook, and not about an option or a setting. */
export const isAboutAnswer = ({ kind, text }: Notice): boolean =>
  kind === 'mistake' && /^[^:]+: [A-Za-z]+: /.test(text);

/** What an agent ignored of the answer of this execution; undefined if it answered in words that count, or nobody knows. */
export function ignoredIn(notices: readonly Notice[], row: LogRow): string | undefined {
  const { hook_name, event_type, created_at, decision } = row;
  const saidNothing = row.stdout_bytes + row.stderr_bytes === 0 && row.exit_code === 0;
  if (saidNothing || (decision !== null && decision !== 'none')) return undefined;
  const prefix = `${hook_name}: ${event_type}: `;
  const found = notices.find(
    ({ kind, text, first_seen, last_seen }) =>
      kind === 'mistake' &&
      text.startsWith(prefix) &&
      first_seen <= created_at &&
      created_at <= last_seen,
  );
  if (found === undefined) return undefined;
  const what = found.text.slice(prefix.length);
  const isCertain = [found.first_seen, found.last_seen].includes(created_at);
  return isCertain ? what : `${what} (this one, or another of ${found.count})`;
}
