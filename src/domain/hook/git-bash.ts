/**
 * Git Bash on Windows. When it starts a program of Windows, it rewrites arguments that look like paths, but none with a
 * blank before the first slash, so a line gets a blank in front. Node.js and Git Bash read a backslash alike unless two
 * stand together.
 */

/** How to start bash on a quoted line, which becomes one word with the blank. */
export const GIT_BASH = '"$BASH" -c \\';

/** The same for a line that begins with a script: without a first line, Windows does not see that it is one. */
export const GIT_BASH_SCRIPT = `${GIT_BASH} bash\\`;

/** Git Bash expands longer arguments of a program of Windows only in part. */
const MAX_LINE = 4000;

/** Paths with a drive, as Git Bash and Windows both read them; undefined if one has none. */
export function withSlashes(program: readonly string[]): readonly string[] | undefined {
  const words = program.map((path) => path.replaceAll('\\', '/'));
  return words.every((path) => HAS_DRIVE.test(path)) ? words : undefined;
}

export const HAS_DRIVE = /^[A-Za-z]:\//;

/** Why the line could mean something else behind a prefix; undefined if it cannot. */
export function reasonAgainst(wrapped: string): string | undefined {
  if (wrapped.includes('\\\\')) {
    return 'it has two backslashes in a row, which Windows would halve once more';
  }
  return wrapped.length > MAX_LINE ? 'the line would be too long for Git Bash' : undefined;
}

/** Whether Claude Code on Windows puts `bash` before the line, which it does by the ending of the first word. */
export function startsScript(line: string): boolean {
  const [word = ''] = /^(?:"[^"]*"?|'[^']*'?|\\[\s\S]|[^\s"'])*/.exec(line.trim()) ?? [];
  const plain = word.replace(
    /"([^"]*)"?|'([^']*)'?|\\([\s\S])/g,
    (_all, double: string | undefined, single: string | undefined, escaped: string | undefined) =>
      double ?? single ?? escaped ?? '',
  );
  return plain.endsWith('.sh');
}
