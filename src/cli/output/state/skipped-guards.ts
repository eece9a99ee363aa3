import type { SkippedGuardReport } from '../../../app/reading/read-skipped-guards.ts';
import { formatAge, formatMoment, formatThings } from '../format.ts';

/** A line for each guard that was skipped: how often, why, until when, and how to have it back. */
export function skippedGuardTexts(skipped: readonly SkippedGuardReport[], nowMs: number): string[] {
  return skipped.map((one) => {
    const { hook_name, event_type, reason, count, last_at } = one;
    const last = formatAge(new Date(last_at), nowMs);
    const on = event_type === '' ? 'an unknown event' : event_type;
    return `${hook_name} on ${on}: ${formatThings(count, 'time')}, last ${last} (${reason})${endText(one)}`;
  });
}

function endText({ is_gated, until }: SkippedGuardReport): string {
  if (!is_gated) return '';
  return `; it is skipped until ${until === null ? '`hookbus on`' : formatMoment(new Date(until))}`;
}
