import type { Failing } from '../../app/alerts/rule.ts';

/** Lists what fails now, other than hooks. Called once a second, so it must be cheap. */
export type FailingSource = () => readonly Failing[];

/** The state of one thing, from a source that does not track since when. */
export interface Condition {
  readonly name: string;
  /** Undefined if it works. */
  readonly failure: string | undefined;
}

/** Remembers since when each thing has been failing. */
export function failingSince(now: () => number, read: () => readonly Condition[]): FailingSource {
  const since = new Map<string, number>();
  return () => {
    const failing = read().flatMap(({ name, failure }) => {
      if (failure === undefined) return [];
      const sinceMs = since.get(name) ?? now();
      return [{ name, sinceMs, reason: failure }];
    });
    since.clear();
    for (const { name, sinceMs } of failing) since.set(name, sinceMs);
    return failing;
  };
}
