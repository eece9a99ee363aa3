import type { Settings } from '../../../config/settings.ts';
import { HOUR_MS, isoOf } from '../../../domain/time.ts';
import type { Database } from '../../../store/database.ts';
import { projectsOfSessions } from '../../../store/queries/oldest.ts';
import type { CostReport } from '../cost-report.ts';
import { coveredSpan } from './covered-span.ts';

/** Adds to a report the span that it really covers, and for each session its project. */
export function withSpan(
  db: Database,
  report: CostReport,
  { settings, nowMs }: { readonly settings: Settings; readonly nowMs: number },
): CostReport {
  const { window_hours: hours, sessions, ...rest } = report;
  const projects = projectsOfSessions(
    db,
    sessions.flatMap(({ session_id }) => session_id ?? []),
  );
  return {
    window_hours: hours,
    ...rest,
    covered:
      hours === null
        ? null
        : coveredSpan(db, isoOf(nowMs - hours * HOUR_MS), { settings, withRollups: false }),
    sessions: sessions.map((session) => ({
      ...session,
      project: projects.get(session.session_id ?? '') ?? null,
    })),
  };
}
