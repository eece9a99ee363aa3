import { jsonText } from '../output/json.ts';
import type { Page } from '../output/page.ts';
import type { LiveOutput, Surroundings } from '../words/command.ts';

/** ECMA-48: move to the top left; clear to the end of the line; clear to the end of the screen. */
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_REST = '\u001b[J';

/** Writes to stdout no faster than it is read. @param pageNow the page at this moment: the terminal may be resized */
export function liveOutput(pageNow: () => Page, { screen, write }: Surroundings): LiveOutput {
  const lines = async (texts: readonly string[]): Promise<void> => {
    if (texts.length > 0) await write(`${texts.join('\n')}\n`);
  };
  let isFirst = true;
  return {
    page: pageNow(),
    lines,
    json: (values) => lines(values.map((value) => jsonText(value))),
    async redraw(linesFor) {
      const texts = linesFor(pageNow());
      const size = screen();
      if (size === undefined) {
        await lines([...(isFirst ? [] : ['']), ...texts]);
      } else {
        // More lines than the screen has would scroll, and the next redraw would start in the wrong place.
        const shown = texts.slice(0, Math.max(size.rows - 1, 1));
        const screen = shown.map((text) => `${text}${CLEAR_LINE}\n`).join('');
        await write(`${HOME}${isFirst ? CLEAR_REST : ''}${screen}${CLEAR_REST}`);
      }
      isFirst = false;
    },
  };
}
