/**
 * Whether an agent starts a hook. `unknown`: HookBus cannot tell; agents run a hook when in doubt, so it counts as yes.
 */
export interface Verdict {
  readonly fires: 'yes' | 'no' | 'unknown';
  /** Why, in a few words that fit behind the name of the hook. */
  readonly reason: string;
}

export const yes = (reason: string): Verdict => ({ fires: 'yes', reason });
export const no = (reason: string): Verdict => ({ fires: 'no', reason });
export const unknown = (reason: string): Verdict => ({ fires: 'unknown', reason });

/** A text for a reason: short, and in quotes. */
export function quoted(text: string): string {
  const MAX = 60;
  return `"${text.length > MAX ? `${text.slice(0, MAX - 1)}…` : text}"`;
}
