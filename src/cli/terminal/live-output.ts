import { jsonText } from '../output/json.ts';
import type { Page } from '../output/page.ts';
import type { LiveOutput, Surroundings } from '../words/command.ts';

/** ECMA-48: move to the top left; clear to the end of the line; clear to the end of the screen. */
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_REST = '\u001b[J';

/** Writes to stdout no faster than it is read. @param pageNow the page at this moment: the terminal may be resized */
export function liveOutput(pageNow: () => Page, surroundings: Surroundings) {
  const { screen, write, holdScreen, onResize } = surroundings;
  const lines = async (texts: readonly string[]): Promise<void> => {
    if (texts.length > 0) await write(`${texts.join('\n')}\n`);
  };
  let last: readonly string[] | undefined;
  let release: (() => void) | undefined;
  const output: LiveOutput = {
    page: pageNow(),
    lines,
    json: (values) => lines(values.map((value) => jsonText(value))),
    async redraw(linesFor) {
      const texts = linesFor(pageNow());
      const size = screen();
      if (size === undefined) {
        await lines([...(last === undefined ? [] : ['']), ...texts]);
        last = texts;
        return;
      }
      release ??= holdScreen(() => `${last?.join('\n')}\n`);
      // More lines than the screen has would scroll, and the next redraw would start in the wrong place.
      last = texts.slice(0, Math.max(size.rows, 1));
      await write(HOME + last.map((text) => CLEAR_LINE + text).join('\n') + CLEAR_REST);
    },
    pause: (ms) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          stopListening();
          resolve();
        };
        const timer = setTimeout(end, ms);
        const stopListening = onResize(end);
      }),
  };
  return { output, close: () => release?.() };
}
