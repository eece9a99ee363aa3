import type { HealthItem } from '../health/health-item.ts';

/** Something that is wrong or could be better: what it is, why it matters, and what to do about it. */
export interface Finding {
  /** `problem`: something fails, or does not do what its author expects. `advice`: it works, but could be better. */
  readonly severity: 'problem' | 'advice';
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  /** An execution that shows it, and its number for `hookbus show`. */
  readonly execution_id?: string;
  readonly log_id?: number;
  /** What it is in the list that `status` and the page show, if it is about a hook. */
  readonly health?: HealthItem;
}

/** The result of one check. */
export interface Check {
  readonly name: string;
  /** What the check found, in a few words. */
  readonly summary: string;
  readonly findings: readonly Finding[];
}

/** The whole of `doctor --json`; docs/json.md says what each field means. */
export interface DoctorReport {
  readonly version: string;
  readonly window_hours: number;
  readonly problems: number;
  readonly advice: number;
  readonly checks: readonly Check[];
}

export const problem = (what: string, why: string, fix: string): Finding => ({
  severity: 'problem',
  what,
  why,
  fix,
});

export const advice = (what: string, why: string, fix: string): Finding => ({
  severity: 'advice',
  what,
  why,
  fix,
});
