import { nearest } from '../../domain/text/nearest.ts';
import { visible } from '../output/text.ts';

/** The end of a message about an unknown word; empty if no known word is similar. */
export function didYouMean(word: string, known: readonly string[]): string {
  const guess = nearest(word, known);
  return guess === undefined ? '' : guessed(guess);
}

/** The same for a guess that is known. */
export const guessed = (guess: string): string => `. Did you mean "${visible(guess)}"?`;
