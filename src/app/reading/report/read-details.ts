import { HOUR_MS, isoOf } from '../../../domain/time.ts';
import type { Database } from '../../../store/database.ts';
import { type FailureGroup, failureGroups } from '../../../store/queries/failure-groups.ts';
import { type RefusalGroup, refusalGroups } from '../../../store/queries/guards/refusal-groups.ts';
import { countOutcomes, type Outcomes, spanOf } from '../../../store/queries/report/outcomes.ts';
import type { CostReport } from '../cost-report.ts';

/** A bar of a chart: how executions ended that started at `at`, in ms, or up to a step later. */
export interface OutcomeBar extends Outcomes {
  readonly at: number;
}

/** What a report on paper says beyond costs. */
export interface ReportDetails {
  /** When the first and the last execution started, in ms. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly stepMs: number;
  /** One after another, those without an execution too. */
  readonly bars: readonly OutcomeBar[];
  readonly failures: readonly FailureGroup[];
  readonly refusals: readonly RefusalGroup[];
}

/** More groups than anybody reads. */
const MAX_GROUPS = 50;

/** More than in the dashboard: nobody else waits for this process. */
const MAX_FAILURES = 200_000;

const MINUTE_MS = 60_000;
const STEPS_MS = [1, 5, 15, 60, 180, 360, 720, 1440].map((minutes) => minutes * MINUTE_MS);
const MAX_BARS = 62;

/** Undefined if nothing is recorded of what the report is about. */
export function readDetails(
  db: Database,
  report: CostReport,
  nowMs: number,
): ReportDetails | undefined {
  const { window_hours: hours, session_id } = report;
  const sessionId = session_id ?? undefined;
  const asked = { from: hours === null ? '' : isoOf(nowMs - hours * HOUR_MS), sessionId };
  const span = spanOf(db, asked);
  if (span === undefined) return undefined;
  const [fromMs, untilMs] = [Date.parse(span.from), Date.parse(span.until)];
  const step = STEPS_MS.find((ms) => (untilMs - fromMs) / ms < MAX_BARS) ?? 7 * 24 * HOUR_MS;
  const search = { ...asked, limit: MAX_GROUPS };
  return {
    ...{ fromMs, untilMs, stepMs: step, bars: barsOf(db, asked, { fromMs, untilMs, step }) },
    failures: failureGroups(db, { ...search, maxFailures: MAX_FAILURES }),
    refusals: refusalGroups(db, search),
  };
}

/** Bars begin at whole hours and days of local time. */
function barsOf(
  db: Database,
  asked: Parameters<typeof countOutcomes>[1],
  { fromMs, untilMs, step }: { fromMs: number; untilMs: number; step: number },
): OutcomeBar[] {
  const offsetMs = -new Date(fromMs).getTimezoneOffset() * MINUTE_MS;
  const slotOf = (ms: number): number => Math.floor((ms + offsetMs) / step);
  const counted = countOutcomes(db, asked, { step: step / 1000, offset: offsetMs / 1000 });
  const [first, last] = [slotOf(fromMs), slotOf(untilMs)];
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const slot = first + index;
    const none = { ok: 0, refused: 0, failed: 0, skipped: 0 };
    return { at: slot * step - offsetMs, ...(counted.get(slot) ?? none) };
  });
}
