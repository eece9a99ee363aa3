/** Something that is wrong, or could be better: what it is, why that matters, and what to do about it. */
export interface Finding {
  /** `problem`: something does not work, or not as its author thinks. `advice`: it works, and could be better. */
  readonly severity: 'problem' | 'advice';
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  /** An execution that shows it, for `hookbus show`. */
  readonly execution_id?: string;
}

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** What was seen, in a few words. */
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
