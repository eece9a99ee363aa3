import { styleText } from 'node:util';

/** What a piece of text means, not how it looks. */
export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'strong';

const STYLES = {
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  dim: 'dim',
  strong: 'bold',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** What lines are written for. */
export interface Page {
  /** No line is wider. */
  readonly columns: number;
  readonly nowMs: number;
  readonly paint: (text: string, tone: Tone | undefined) => string;
}

/** Nothing is wider than this, however wide the terminal. */
const MAX_COLUMNS = 100;

/** Nor is anything squeezed below this, however narrow. */
const MIN_COLUMNS = 80;

/** @param terminalColumns undefined where the output is no terminal */
export function createPage(
  terminalColumns: number | undefined,
  isColoured: boolean,
  nowMs: number,
): Page {
  const columns = terminalColumns || MAX_COLUMNS;
  return {
    columns: Math.min(Math.max(columns, MIN_COLUMNS), MAX_COLUMNS),
    nowMs,
    // Whether to colour is decided by then, so that Node is not to look at the environment once more.
    paint: (text, tone) =>
      isColoured && tone !== undefined && text !== ''
        ? styleText(STYLES[tone], text, { validateStream: false })
        : text,
  };
}
