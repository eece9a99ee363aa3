import stringWidth from 'string-width';

/**
 * The width of any text on a terminal. A bundle of its own, because the regular expressions of the package take longer to
 * compile than most commands need altogether.
 */
export function wideColumns(text: string): number {
  return stringWidth(text);
}
