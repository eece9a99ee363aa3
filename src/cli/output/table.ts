import { NOTHING } from '../../format.ts';
import type { Page, Tone } from './page.ts';
import { clip, columnsOf, pad } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** The column may be clipped to this width; if absent, it is never clipped. */
  readonly minWidth?: number;
  /** For paths: a name is never cut in the middle. */
  readonly clip?: 'middle';
  /** Other columns are dropped before it is clipped to less than this. */
  readonly wantedWidth?: number;
  /** If room is short, columns are dropped from the lowest number up; if absent, the column stays. */
  readonly dropOrder?: number;
  /** Columns of one pair are shown, or hidden, together. */
  readonly pair?: string;
  /** The column stays even if it says nothing in any row. */
  readonly isKept?: boolean;
}

/** Text on one line without invisible characters, and what it means. */
export interface Cell {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** A remark at the end of the row, or on a line below if it does not fit there. */
  readonly remark?: Cell | undefined;
  /** A separate line below the row. */
  readonly below?: Cell | undefined;
}

const GAP = '  ';

/** The indent of the line below a row. */
export const BELOW_INDENT = 6;

/** A column that has a name is as wide as most names before others are dropped. */
const WANTED_NAME_COLUMNS = 24;

/** Says nothing: a column that has only this is left away. */
const SAYS_NOTHING = new Set(['', '0', NOTHING, '0 %']);

/** Lays out a table that is as wide as the page at most, without the columns that say nothing. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly Row[],
  page: Page,
): string[] {
  const { header, linesOf } = createTable(columns, rows, page);
  return [header, ...rows.flatMap(linesOf)];
}

/** A table whose rows come later; `examples` choose the columns and their widths. */
export function createTable(columns: readonly Column[], examples: readonly Row[], page: Page) {
  const layout = layOut(columns, examples, page.tableColumns);
  const line = (cells: readonly Cell[], remark?: Cell): string => {
    const texts = layout.map(({ column, index, width }, place) => {
      const { text, tone } = cells[index] ?? { text: '' };
      const clipped = clip(text, width, column.clip);
      const isLast =
        place === layout.length - 1 && column.align !== 'right' && remark === undefined;
      return page.paint(isLast ? clipped : pad(clipped, width, column.align), tone);
    });
    return [...texts, ...(remark === undefined ? [] : [page.paint(remark.text, remark.tone)])]
      .join(GAP)
      .trimEnd();
  };
  const room = page.tableColumns - total(layout.map(({ width }) => width)) - GAP.length;
  return {
    header: line(columns.map(({ title }) => ({ text: title, tone: 'dim' }))),
    linesOf({ cells, remark, below }: Row): string[] {
      const fits = remark !== undefined && columnsOf(remark.text) <= room;
      return [
        line(cells, fits ? remark : undefined),
        ...belowLine(fits ? undefined : remark, page),
        ...belowLine(below, page),
      ];
    },
  };
}

function belowLine(below: Cell | undefined, page: Page): string[] {
  if (below === undefined) return [];
  const text = clip(below.text, page.tableColumns - BELOW_INDENT);
  return [' '.repeat(BELOW_INDENT) + page.paint(text, below.tone)];
}

interface Placed {
  readonly column: Column;
  /** Its index among all columns. */
  readonly index: number;
  readonly width: number;
}

/** Chooses the columns that say something and fit, and their widths. */
function layOut(columns: readonly Column[], rows: readonly Row[], room: number): Placed[] {
  const isShown = (column: Column, index: number): boolean =>
    column.isKept === true ||
    rows.length === 0 ||
    rows.some(({ cells }) => !SAYS_NOTHING.has(cells[index]?.text.trim() ?? ''));
  let placed: Placed[] = columns.flatMap((column, index) => {
    const isAnyShown = columns.some(
      (other, at) => (at === index || isPair(column, other)) && isShown(other, at),
    );
    if (!isAnyShown) return [];
    const width = rows.reduce(
      (max, { cells }) => Math.max(max, columnsOf(cells[index]?.text ?? '')),
      columnsOf(column.title),
    );
    return [{ column, index, width }];
  });
  while (total(placed.map(wanted)) > room) {
    const dropped = placed
      .filter(({ column }) => column.dropOrder !== undefined)
      .sort((a, b) => (a.column.dropOrder ?? 0) - (b.column.dropOrder ?? 0))[0];
    if (dropped === undefined) break;
    placed = placed.filter((other) => other !== dropped && !isPair(other.column, dropped.column));
  }
  return shrink(placed, room);
}

const isPair = (a: Column, b: Column): boolean => a.pair !== undefined && a.pair === b.pair;

function wanted({ column, width }: Placed): number {
  const { minWidth, wantedWidth = WANTED_NAME_COLUMNS } = column;
  return minWidth === undefined ? width : Math.min(width, Math.max(minWidth, wantedWidth));
}

function narrowest({ column, width }: Placed): number {
  return Math.min(width, column.minWidth ?? width);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, (widths.length - 1) * GAP.length);
}

/** Shrinks the widest column step by step until the table fits: first to the wanted widths, then to the narrowest. */
function shrink(placed: readonly Placed[], room: number): Placed[] {
  const widths = placed.map(({ width }) => width);
  for (const limit of [wanted, narrowest]) {
    const canShrink = (width: number, at: number): boolean => {
      const place = placed[at];
      return place !== undefined && width > limit(place);
    };
    while (total(widths) > room && widths.some(canShrink)) {
      const widest = Math.max(...widths.filter(canShrink));
      widths[widths.findIndex((width, at) => width === widest && canShrink(width, at))] =
        widest - 1;
    }
  }
  return placed.map((place, at) => ({ ...place, width: widths[at] ?? place.width }));
}
