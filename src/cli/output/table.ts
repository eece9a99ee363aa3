import type { Page, Tone } from './page.ts';
import { clip, columnsOf, pad } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** The column may be clipped to this width; if absent, it is never clipped. */
  readonly minWidth?: number;
  readonly clip?: 'end' | 'middle';
  /** If room is short, columns are dropped from the lowest number up; if absent, the column stays. */
  readonly dropOrder?: number;
}

/** Text on one line without invisible characters, and what it means. */
export interface Cell {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** A separate line below the row. */
  readonly below?: Cell | undefined;
}

const GAP = '  ';

/** The indent of the line below a row. */
export const BELOW_INDENT = 6;

/** Lays out a table; no line is wider than the page. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly Row[],
  page: Page,
): string[] {
  const { header, linesOf } = createTable(columns, rows, page);
  return [header, ...rows.flatMap(linesOf)];
}

/** A table whose rows come later; `examples` set the widths of the columns. */
export function createTable(columns: readonly Column[], examples: readonly Row[], page: Page) {
  const layout = layOut(columns, examples, page.columns);
  const line = (cells: readonly Cell[]): string =>
    layout
      .map(({ column, index, width }, place) => {
        const { text, tone } = cells[index] ?? { text: '' };
        const clipped = clip(text, width, column.clip);
        const isLast = place === layout.length - 1 && column.align !== 'right';
        return page.paint(isLast ? clipped : pad(clipped, width, column.align), tone);
      })
      .join(GAP)
      .trimEnd();
  return {
    header: line(columns.map(({ title }) => ({ text: title, tone: 'dim' }))),
    linesOf: (row: Row): string[] => [line(row.cells), ...belowLine(row.below, page)],
  };
}

function belowLine(below: Cell | undefined, page: Page): string[] {
  if (below === undefined) return [];
  const text = clip(below.text, page.columns - BELOW_INDENT);
  return [' '.repeat(BELOW_INDENT) + page.paint(text, below.tone)];
}

interface Placed {
  readonly column: Column;
  /** Its index among all columns. */
  readonly index: number;
  readonly width: number;
}

/** Chooses the columns that fit, and their widths. */
function layOut(columns: readonly Column[], rows: readonly Row[], room: number): Placed[] {
  let placed: Placed[] = columns.map((column, index) => {
    const texts = [column.title, ...rows.map((row) => row.cells[index]?.text ?? '')];
    return { column, index, width: Math.max(...texts.map(columnsOf)) };
  });
  while (total(placed.map(narrowest)) > room) {
    const dropped = placed
      .filter(({ column }) => column.dropOrder !== undefined)
      .sort((a, b) => (a.column.dropOrder ?? 0) - (b.column.dropOrder ?? 0))[0];
    if (dropped === undefined) break;
    placed = placed.filter((other) => other !== dropped);
  }
  return shrink(placed, room);
}

function narrowest({ column, width }: Placed): number {
  return Math.min(width, column.minWidth ?? width);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, (widths.length - 1) * GAP.length);
}

/** Shrinks the widest column step by step until the table fits. */
function shrink(placed: readonly Placed[], room: number): Placed[] {
  const widths = placed.map(({ width }) => width);
  const canShrink = (width: number, at: number): boolean => {
    const place = placed[at];
    return place !== undefined && width > narrowest(place);
  };
  while (total(widths) > room && widths.some(canShrink)) {
    const widest = Math.max(...widths.filter(canShrink));
    widths[widths.findIndex((width, at) => width === widest && canShrink(width, at))] = widest - 1;
  }
  return placed.map((place, at) => ({ ...place, width: widths[at] ?? place.width }));
}
