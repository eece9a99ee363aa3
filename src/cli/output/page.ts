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
  /** The maximum width of a line. */
  readonly columns: number;
  readonly nowMs: number;
  readonly paint: (text: string, tone: Tone | undefined) => string;
}

/** Lines stay readable on a wide terminal. */
const MAX_COLUMNS = 100;

/** A narrower terminal wraps lines instead. */
const MIN_COLUMNS = 80;

/** @param terminalColumns undefined if the output is not a terminal */
export function createPage(
  terminalColumns: number | undefined,
  isColoured: boolean,
  nowMs: number,
): Page {
  const columns = terminalColumns || MAX_COLUMNS;
  return {
    columns: Math.min(Math.max(columns, MIN_COLUMNS), MAX_COLUMNS),
    nowMs,
    // `isColoured` already takes the environment into account, so Node must not check it again.
    paint: (text, tone) =>
      isColoured && tone !== undefined && text !== ''
        ? styleText(STYLES[tone], text, { validateStream: false })
        : text,
  };
}
