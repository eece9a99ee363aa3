/** Quotes a text as one shell word, unless all its characters are plain. */
export function shellWord(text: string): string {
  return /^[\w./+@%:,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
