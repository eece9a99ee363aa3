import { visible } from '../../domain/text/visible.ts';
import type { Page, Tone } from './page.ts';
import { wideColumns } from './wide-text.ts';

export { visible };

/** The width of a tab in recorded text. */
const TAB_COLUMNS = 4;

const ELLIPSIS = '…';

/** The lines of a text, with invisible characters escaped and tabs expanded. */
export function visibleLines(text: string): string[] {
  const lines = text.replaceAll('\t', ' '.repeat(TAB_COLUMNS)).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines.map(visible);
}

/** Latin letters and the signs that HookBus itself prints: one column each. */
const NARROW =
  /^[ -~\xa1-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e\u2264\u2265\u2500-\u259f\u2713\u2717]*$/;

/** The width of a text on a terminal. */
export function columnsOf(text: string): number {
  return NARROW.test(text) ? text.length : wideColumns(text);
}

/** Shortens a text to at most `columns`, with `…` at the end; the middle goes where both ends tell, as in a path. */
export function clip(text: string, columns: number, where: 'end' | 'middle' = 'end'): string {
  if (columnsOf(text) <= columns) return text;
  if (columns <= 1) return ELLIPSIS.slice(0, Math.max(columns, 0));
  const room = columns - 1;
  const tailRoom = where === 'end' ? 0 : Math.floor(room / 2);
  const graphemes = split(text);
  const head = fittingPrefix(graphemes, room - tailRoom);
  const tail = fittingPrefix(graphemes.reverse(), tailRoom).reverse();
  return head.join('') + ELLIPSIS + tail.join('');
}

function fittingPrefix(graphemes: readonly string[], columns: number): string[] {
  let used = 0;
  const end = graphemes.findIndex((grapheme) => {
    used += columnsOf(grapheme);
    return used > columns;
  });
  return graphemes.slice(0, end < 0 ? graphemes.length : end);
}

/** Pads a text with blanks to `columns`. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(columns - columnsOf(text), 0));
  return align === 'left' ? text + blanks : blanks + text;
}

/** Where a text may break: after a blank, but not between a number and its unit. */
const BREAK = /(?<= )(?<!\d (?=(?:%|ms|s|min|h|[kMGT]?B)(?!\w)))/;

/** Breaks a text into lines of at most `columns`: between words, or within a word that is too long. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of text.split(BREAK)) {
    if (line !== '' && columnsOf((line + piece).trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += piece;
    if (columnsOf(line.trimEnd()) > columns) {
      const broken = breakAnywhere(line.trimEnd(), columns);
      line = `${broken.pop() ?? ''} `;
      lines.push(...broken);
    }
  }
  return [...lines, line.trimEnd()];
}

/** Breaks a text into lines of at most `columns` and keeps every character: after a blank or a slash if one is near. */
export function breakAnywhere(text: string, columns: number): string[] {
  if (columnsOf(text) <= columns) return [text];
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const grapheme of split(text)) {
    const width = columnsOf(grapheme);
    if (used + width > columns && line !== '') {
      const end = Math.max(line.lastIndexOf(' '), line.lastIndexOf('/')) + 1;
      const kept = end > line.length / 2 ? end : line.length;
      lines.push(line.slice(0, kept));
      line = line.slice(kept);
      used = columnsOf(line);
    }
    line += grapheme;
    used += width;
  }
  return [...lines, line];
}

let segmenter: Intl.Segmenter | undefined;

/** The graphemes of a text. */
function split(text: string): string[] {
  if (/^[\x20-\x7e]*$/.test(text)) return text.split('');
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** A text after a mark; further lines are indented to the first word. */
export function hanging(mark: string, text: string, page: Page, tone?: Tone): string[] {
  const indent = columnsOf(mark);
  return wrap(text, page.columns - indent).map(
    (line, index) => (index === 0 ? mark : ' '.repeat(indent)) + page.paint(line, tone),
  );
}
