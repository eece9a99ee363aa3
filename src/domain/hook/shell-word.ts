import { visible } from '../text/visible.ts';

/** Quotes a text as one shell word, unless all its characters are plain. */
export function shellWord(text: string): string {
  return /^[\w./+@%:,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * The same for a line that a person pastes: a terminal obeys control characters, and others hide what it says. They are
 * written as bash, zsh and ksh read them.
 */
export function typedWord(text: string): string {
  if (visible(text) === text) return shellWord(text);
  const bytes = [...Buffer.from(text)].map((byte) =>
    byte < 0x20 || byte > 0x7e || byte === 0x27 || byte === 0x5c
      ? `\\x${byte.toString(16).padStart(2, '0')}`
      : String.fromCharCode(byte),
  );
  return `$'${bytes.join('')}'`;
}
