/** How much harm something does, the worst first. */
export const HARMS = ['unguarded', 'broken', 'misled', 'slow', 'note'] as const;

/**
 * `unguarded`: a guard does not guard. `broken`: a hook, or HookBus itself, does not do its work. `misled`: a hook's
 * answer does not reach the agent as meant. `slow`: the agent waits. `note`: worth knowing.
 */
export type Harm = (typeof HARMS)[number];

/** Something that a person should know, in `status`, in `doctor` and on the page. */
export interface HealthItem {
  readonly harm: Harm;
  /** One sentence with the numbers of now, without its full stop. */
  readonly text: string;
  readonly hook_name: string | null;
  readonly event_type: string | null;
  /** An execution that shows it, for `hookbus show`. */
  readonly log_id: number | null;
  /** A command to type. */
  readonly fix: string | null;
}

/** An item and how bad it is among those that do the same harm: more is worse. */
export interface Trouble {
  readonly item: HealthItem;
  readonly weight: number;
}

/** An item about a hook, or about HookBus itself if there is no name. */
export function trouble(
  harm: Harm,
  text: string,
  fields: Partial<Omit<HealthItem, 'harm' | 'text'>> = {},
  weight = 0,
): Trouble {
  const none = { hook_name: null, event_type: null, log_id: null, fix: null };
  return { item: { harm, text, ...none, ...fields }, weight };
}

/** The worst first. */
export function ordered(troubles: readonly Trouble[]): HealthItem[] {
  const rank = ({ item }: Trouble): number => HARMS.indexOf(item.harm);
  return [...troubles]
    .sort((a, b) => rank(a) - rank(b) || b.weight - a.weight)
    .map(({ item }) => item);
}
