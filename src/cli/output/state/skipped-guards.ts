import type { SkippedGuardReport } from '../../../app/reading/read-skipped-guards.ts';
import { formatAge, formatThings, formatUntil } from '../../../format.ts';

/** One line for each guard that was skipped: how often, why, until when, and how to switch it on. */
export function skippedGuardTexts(skipped: readonly SkippedGuardReport[], nowMs: number): string[] {
  return skipped.map((one) => {
    const { hook_name, event_type, reason, count, last_at } = one;
    const last = formatAge(new Date(last_at), nowMs);
    const on = event_type === '' ? 'an unknown event' : event_type;
    return `${hook_name} on ${on}: ${formatThings(count, 'time')}, last ${last} (${reason})${endText(one, nowMs)}`;
  });
}

function endText({ is_gated, until }: SkippedGuardReport, nowMs: number): string {
  if (!is_gated) return '';
  return `; skipped until ${until === null ? 'you run `hookbus on`' : formatUntil(new Date(until), nowMs)}`;
}
