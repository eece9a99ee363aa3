import { findDesktop } from '../../os/desktop.ts';
import { runProgram } from './command.ts';

/** AppleScript that takes title and text as arguments, so that neither can inject script. */
const SHOW = [
  'on run argv',
  'display notification (item 2 of argv) with title (item 1 of argv)',
  'end run',
].flatMap((line) => ['-e', line]);

/** Shows a notification. @throws if there is no desktop, or the program fails */
export async function showOnDesktop(
  title: string,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const program = findDesktop();
  if (program === undefined) {
    throw new Error('there is no desktop session, or no program that shows notifications');
  }
  const { kind, path } = program;
  await runProgram(
    kind === 'osascript'
      ? [path, ...SHOW, title, text]
      : [path, '--app-name=HookBus', '--', title, withoutMarkup(text)],
    '',
    signal,
  );
}

/** Some desktops interpret HTML tags in the text. */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
