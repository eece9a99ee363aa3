import type { Config } from '../../config/file/config-file.ts';
import type { Alert, AlertRule } from '../../domain/alert.ts';
import type { WindowRow } from '../../store/alerts.ts';
import type { BreakerRow } from '../../store/breakers.ts';
import type { PassedDrill } from '../../store/queries/guards/refusals.ts';
import type { ScriptChange } from '../../store/queries/guards/script-changes.ts';
import type { SilentGuard } from '../../store/queries/guards/silent-guards.ts';
import type { SkippedGuard } from '../../store/skipped-guards.ts';

export type AlertsConfig = Config['alerts'];

/** What a rule finds. Between bad and well nothing changes, which keeps an alert from flapping. */
export interface Assessment {
  readonly value: number;
  readonly threshold: number | null;
  /** How many executions the value is based on; null if it is based on none. */
  readonly runs: number | null;
  readonly reason?: string | undefined;
  /** Opens an alert if none is open. */
  readonly isBad: boolean;
  /** Clears an open alert. */
  readonly isHealthy: boolean;
  /** An open alert takes over the new value and reason. */
  readonly isCounted?: boolean;
}

/** Something other than a hook that fails: an exporter, or a server that shares dedupe keys. */
export interface Failing {
  readonly name: string;
  readonly sinceMs: number;
  readonly reason: string;
}

/** What one evaluation knows beside executions. */
export interface Surroundings {
  readonly nowMs: number;
  /** Records in the spool that wait to be ingested, now and about a second ago. */
  readonly spool: { readonly waiting: number; readonly before: number };
  readonly failing: readonly Failing[];
  /** Undefined if the database cannot be read. */
  readonly openBreakers: readonly BreakerRow[] | undefined;
  /** The latest of each hook first. Undefined if the database cannot be read. */
  readonly skippedGuards: readonly SkippedGuard[] | undefined;
  /** What else the executions tell about guards; undefined if nobody looked. */
  readonly guards?: GuardFacts | undefined;
}

/** What executions and replays tell about guards. */
export interface GuardFacts {
  readonly passedDrills: readonly PassedDrill[];
  readonly silent: readonly SilentGuard[];
  /** Of the last hours (`alerts.changed_hours`), oldest first. */
  readonly scriptChanges: readonly ScriptChange[];
}

interface RuleCommon {
  readonly name: AlertRule;
  /** What happened, in a sentence without its full stop. */
  readonly text: (
    alert: Pick<Alert, 'subject' | 'value' | 'threshold' | 'runs' | 'reason'>,
    config: AlertsConfig,
    /** The numbers are those of the time when it opened. */
    isPast: boolean,
  ) => string;
  /** Its reason is what a hook wrote, which does not leave the machine. */
  readonly quotesHook?: true;
}

/** Assesses executions after the watermark, the newest first. */
export interface RunsRule extends RuleCommon {
  /** `hook`: each hook separately. `all`: all hooks together. */
  readonly of: 'hook' | 'all';
  /** It looks at executions of any age, since time alone mends no hook. It still opens for new ones only. */
  readonly hasMemory?: true;
  readonly assess: (
    rows: readonly WindowRow[],
    config: AlertsConfig,
    /** When the window begins. */
    since: string,
  ) => Assessment;
}

/** Assesses everything else: breakers, skipped guards, the spool, exporters. */
export interface StateRule extends RuleCommon {
  readonly of: 'state';
  /** Whether its subjects are hooks, which `hooks_off` in config.json mutes. */
  readonly isAboutHooks: boolean;
  /** A subject that it does not return is well. Undefined: unknown at the moment. */
  readonly assess: (
    around: Surroundings,
    config: AlertsConfig,
    /** When this rule's alert about the subject opened; now if none is open. */
    openedMs: (subject: string) => number,
  ) => readonly (Assessment & { readonly subject: string })[] | undefined;
}

export type Rule = RunsRule | StateRule;

/** Counts the good items before the first bad one. */
export function goodInRow<T>(rows: readonly T[], isGood: (row: T) => boolean): number {
  const first = rows.findIndex((row) => !isGood(row));
  return first < 0 ? rows.length : first;
}
