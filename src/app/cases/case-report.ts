import type { Difference } from './check-outcome.ts';
import type { CaseProblem, HookCase } from './hook-case.ts';
import type { HookRun, Outcome } from './outcome.ts';

/** A case that ran. */
export interface CaseResult {
  readonly case: HookCase;
  readonly outcome: Outcome;
  readonly runs: readonly HookRun[];
  readonly differences: readonly Difference[];
  /** What a person should know, although the case does not fail by it. */
  readonly notes: readonly string[];
}

/** The result of all cases. */
export interface CasesReport {
  /** The directory that paths are shown from. */
  readonly base: string;
  readonly files: number;
  readonly results: readonly CaseResult[];
  readonly problems: readonly CaseProblem[];
  readonly durationMs: number;
}

export const hasFailed = ({ differences }: CaseResult): boolean => differences.length > 0;

/** How many cases failed, with those that cannot be read. */
export const failures = ({ results, problems }: CasesReport): number =>
  results.filter(hasFailed).length + problems.length;
