/** A word that differs by more edits is a different word. */
const MAX_EDITS = 2;

/** The end of a message about an unknown word; empty if no known word is similar. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.min(candidate.length / 2, MAX_EDITS))
    .sort((a, b) => a.distance - b.distance)[0];
  const longer = known.find((candidate) => word.length >= 3 && candidate.startsWith(word));
  const guess = near?.candidate ?? longer;
  return guess === undefined ? '' : `. Did you mean "${guess}"?`;
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
