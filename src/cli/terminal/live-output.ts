import { once } from 'node:events';
import { jsonText } from '../output/json.ts';
import type { Page } from '../output/page.ts';
import type { LiveOutput } from '../words/command.ts';

/** Terminal control: to the first place, and clear to the end of the line or of the screen (ECMA-48). */
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_REST = '\u001b[J';

/** Writes to stdout bit by bit, no faster than it is read. @param pageNow what is written for, at this moment */
export function liveOutput(pageNow: () => Page): LiveOutput {
  const write = async (text: string): Promise<void> => {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  };
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
      if (process.stdout.isTTY !== true) {
        await lines([...(isFirst ? [] : ['']), ...texts]);
      } else {
        // What does not fit would scroll, and the next one would not be in its place.
        const shown = texts.slice(0, Math.max(process.stdout.rows - 1, 1));
        const screen = shown.map((text) => `${text}${CLEAR_LINE}\n`).join('');
        await write(`${HOME}${isFirst ? CLEAR_REST : ''}${screen}${CLEAR_REST}`);
      }
      isFirst = false;
    },
  };
}
