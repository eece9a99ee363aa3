import type { Failing } from '../../app/alerts/rule.ts';

/** Tells what fails at the moment beside executions; asked once a second, so it only looks. */
export type FailingSource = () => readonly Failing[];

/** What a source that knows no times says of each of its things. */
export interface Condition {
  readonly name: string;
  /** Undefined: it is well. */
  readonly failure: string | undefined;
}

/** Remembers since when each thing has been failing. */
export function failingSince(now: () => number, look: () => readonly Condition[]): FailingSource {
  const since = new Map<string, number>();
  return () => {
    const failing = look().flatMap(({ name, failure }) => {
      if (failure === undefined) return [];
      const sinceMs = since.get(name) ?? now();
      return [{ name, sinceMs, reason: failure }];
    });
    since.clear();
    for (const { name, sinceMs } of failing) since.set(name, sinceMs);
    return failing;
  };
}
