import type { Config } from '../../config/file/config-file.ts';
import type { Alert, AlertRule } from '../../domain/alert.ts';
import type { WindowRow } from '../../store/alerts.ts';
import type { BreakerRow } from '../../store/breakers.ts';
import type { SkippedGuard } from '../../store/skipped-guards.ts';

export type AlertsConfig = Config['alerts'];

/** What a rule finds. Between bad and well, things stay as they are: that is what keeps an alert from flapping. */
export interface Assessment {
  readonly value: number;
  readonly threshold: number | null;
  /** The executions that the value rests on; null where it rests on none. */
  readonly runs: number | null;
  readonly reason?: string | undefined;
  /** An alert opens, where there is none. */
  readonly isBad: boolean;
  /** An open one clears. */
  readonly isWell: boolean;
  /** Value and reason of an open one go on with what is found. */
  readonly isCounted?: boolean;
}

/** What fails beside executions: an exporter, or a server that dedupe keys are shared through. */
export interface Failing {
  readonly name: string;
  readonly sinceMs: number;
  readonly reason: string;
}

/** What is known at one look, beside executions. */
export interface Surroundings {
  readonly nowMs: number;
  /** Records in the spool that wait for the database, now and at the look before. */
  readonly spool: { readonly waiting: number; readonly before: number };
  readonly failing: readonly Failing[];
  /** Undefined where the database cannot tell. */
  readonly openBreakers: readonly BreakerRow[] | undefined;
  /** The latest of each hook first; undefined as before. */
  readonly skippedGuards: readonly SkippedGuard[] | undefined;
}

interface RuleCommon {
  readonly name: AlertRule;
  /** What happened, in a sentence without its full stop. */
  readonly text: (alert: Alert, config: AlertsConfig) => string;
}

/** Judges executions, the newest first, none of which raised an alert before. */
export interface RunsRule extends RuleCommon {
  /** `hook`: each hook by itself. `all`: all hooks together. */
  readonly of: 'hook' | 'all';
  readonly assess: (rows: readonly WindowRow[], config: AlertsConfig) => Assessment;
}

/** Judges what is around executions. */
export interface StateRule extends RuleCommon {
  readonly of: 'state';
  /** What it does not speak of is well. Undefined: nothing can be said now. */
  readonly look: (
    around: Surroundings,
    config: AlertsConfig,
    /** When the alert of this rule about it opened; now, where none is open. */
    openedMs: (subject: string) => number,
  ) => readonly (Assessment & { readonly subject: string })[] | undefined;
}

export type Rule = RunsRule | StateRule;

/** How many of the newest are good before one that is not. */
export function goodInRow<T>(rows: readonly T[], isGood: (row: T) => boolean): number {
  const first = rows.findIndex((row) => !isGood(row));
  return first < 0 ? rows.length : first;
}
