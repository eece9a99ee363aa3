/** A word that differs by more edits is a different word. */
const MAX_EDITS = 2;

/** A shorter part of a word says too little. */
const MIN_PART = 3;

/** The known word that is most like the given one, in any case; undefined if none is. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  const words = known.map((candidate) => ({ candidate, lower: candidate.toLowerCase() }));
  const near = words
    .map(({ candidate, lower }) => ({ candidate, lower, distance: editDistance(typed, lower) }))
    .filter(({ lower, distance }) => distance <= Math.min(lower.length / 2, MAX_EDITS))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near !== undefined) return near.candidate;
  if (typed.length < MIN_PART) return undefined;
  const longer =
    words.find(({ lower }) => lower.startsWith(typed)) ??
    words.find(({ lower }) => lower.includes(typed));
  return longer?.candidate;
}

/** Levenshtein distance: how many characters to add, remove or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, character] of [...from.slice(0, 40)].entries()) {
    let previous = index + 1;
    row = row.map((above, column) => {
      if (column === 0) return previous;
      const diagonal = (row[column - 1] ?? 0) + (character === to[column - 1] ? 0 : 1);
      previous = Math.min(above + 1, previous + 1, diagonal);
      return previous;
    });
  }
  return row.at(-1) ?? 0;
}
