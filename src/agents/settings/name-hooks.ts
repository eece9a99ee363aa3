/** A hook of a settings file, for its name. */
export interface HookToName {
  /** Identifies its command across files. */
  readonly key: string;
  readonly event: string;
  /** The name that the file gives it; undefined if it has no prefix yet. */
  readonly written: string | undefined;
  /** The name without `--name`. */
  readonly usual: string;
  /** Names by which a person recognizes it, the best first. */
  readonly ideas: readonly string[];
}

/** What else decides about names. */
export interface NameRules {
  /** The name that a hook had before; undefined if nobody remembers one. */
  readonly known: (hook: HookToName) => string | undefined;
  /** Whether a hook that would have the first name may have the second. */
  readonly mayDiffer: (usual: string, name: string) => boolean;
}

const NO_RULES: NameRules = { known: () => undefined, mayDiffer: () => true };

/**
 * Gives each command a name of its own, by its key. A name that stands in a file stays, also where two hooks share it;
 * so does one that is known from before.
 */
export function nameHooks(
  hooks: readonly HookToName[],
  { known, mayDiffer }: NameRules = NO_RULES,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const give = ({ key }: HookToName, name: string): void => {
    names.set(key, names.get(key) ?? name);
    taken.add(sameName(name));
  };
  for (const hook of hooks) if (hook.written !== undefined) give(hook, hook.written);
  for (const hook of hooks) {
    const name = names.has(hook.key) ? undefined : known(hook);
    if (name !== undefined && !taken.has(sameName(name)) && mayDiffer(hook.usual, name))
      give(hook, name);
  }
  const rest = hooks.filter(({ key }) => !names.has(key));
  const isUnclear = sharedIdeas(rest);
  for (const hook of rest) {
    if (names.has(hook.key)) continue;
    const isFree = (name: string): boolean =>
      !taken.has(sameName(name)) && mayDiffer(hook.usual, name);
    const ideas = hook.ideas.filter((idea) => !isUnclear(idea));
    give(hook, firstFree([ideas, hook.ideas, furtherNames(hook)], isFree) ?? hook.usual);
  }
  return names;
}

function firstFree(
  lists: readonly Iterable<string>[],
  isFree: (name: string) => boolean,
): string | undefined {
  for (const list of lists) for (const name of list) if (isFree(name)) return name;
  return undefined;
}

/** Some file systems do not tell `Lint` from `lint`, and neither do people. */
const sameName = (name: string): string => name.toLowerCase();

/** Ideas that several commands have: one of their own says more. */
function sharedIdeas(hooks: readonly HookToName[]): (idea: string) => boolean {
  const owners = new Map<string, string>();
  const shared = new Set<string>();
  for (const { key, ideas } of hooks) {
    for (const idea of ideas) {
      if ((owners.get(idea) ?? key) !== key) shared.add(idea);
      owners.set(idea, key);
    }
  }
  return (idea) => shared.has(idea);
}

/** More hooks have one name than this: then they share it. */
const MAX_NUMBER = 10_000;

/** By its event, and by a number. */
function* furtherNames({ event, ideas: [idea] }: HookToName): Generator<string> {
  const suffix = event.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  if (idea !== undefined) yield `${idea}-${suffix}`;
  const [base, first] = idea === undefined ? [suffix, 1] : [idea, 2];
  for (let number = first; number < MAX_NUMBER; number += 1) yield `${base}-${number}`;
}
