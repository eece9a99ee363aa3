import { findDesktop } from '../../os/desktop.ts';
import { runProgram } from './command.ts';

/** AppleScript that takes both texts as arguments, so that neither can be script. */
const SHOW = [
  'on run argv',
  'display notification (item 2 of argv) with title (item 1 of argv)',
  'end run',
].flatMap((line) => ['-e', line]);

/** Shows a notification. @throws where there is no desktop, or it does not take it */
export async function showOnDesktop(
  title: string,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const program = findDesktop();
  if (program === undefined) {
    throw new Error('there is no desktop, or no program that shows notifications on it');
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

/** The body of a notification may hold a few tags of HTML. */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
