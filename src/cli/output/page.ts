import { styleText } from 'node:util';

/** What a text means, not how it looks. */
export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'strong';

const STYLES = {
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  dim: 'dim',
  strong: 'bold',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** The page that lines are written for. */
export interface Page {
  /** The maximum width of a line of prose. */
  readonly columns: number;
  /** The maximum width of a line of a table. */
  readonly tableColumns: number;
  /** The lines of the terminal; undefined if the output is none. */
  readonly rows: number | undefined;
  readonly nowMs: number;
  readonly paint: (text: string, tone: Tone | undefined) => string;
}

/** Lines stay readable on a wide terminal. */
const MAX_COLUMNS = 100;
const MAX_TABLE_COLUMNS = 160;

/** A narrower terminal wraps lines instead. */
const MIN_COLUMNS = 40;

/** @param terminalColumns undefined if the output is not a terminal */
export function createPage(
  terminalColumns: number | undefined,
  isColoured: boolean,
  nowMs: number,
  rows?: number,
): Page {
  const columns = Math.max(terminalColumns || MAX_COLUMNS, MIN_COLUMNS);
  return {
    columns: Math.min(columns, MAX_COLUMNS),
    tableColumns: Math.min(columns, MAX_TABLE_COLUMNS),
    rows: rows || undefined,
    nowMs,
    // `isColoured` already takes the environment into account, so Node must not check it again.
    paint: (text, tone) =>
      isColoured && tone !== undefined && text !== ''
        ? styleText(STYLES[tone], text, { validateStream: false })
        : text,
  };
}
