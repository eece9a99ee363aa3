import type { Decision } from '../../../domain/answer/decision.ts';
import { NOTHING } from '../../../format.ts';
import type { LogRow } from '../../../store/columns.ts';
import type { Tone } from '../page.ts';
import type { Cell, Column } from '../table.ts';
import { visible } from '../text.ts';

const TONES: Readonly<Record<Decision, Tone | undefined>> = {
  deny: 'warn',
  stop: 'warn',
  ask: undefined,
  defer: undefined,
  allow: undefined,
  none: 'dim',
};

export const DECISION_COLUMN: Column = { title: 'DECISION' };

/** Whether the hook answered anything that its agent acts on. */
export const decides = ({ decision }: Pick<LogRow, 'decision'>): boolean =>
  decision !== null && decision !== 'none';

/** A decision in a table: nothing for none, so that the others stand out. */
export function decisionCell({ decision }: Pick<LogRow, 'decision'>): Cell {
  if (decision === null) return { text: '?', tone: 'dim' };
  return { text: decision === 'none' ? NOTHING : visible(decision), tone: TONES[decision] };
}

/** The columns of a table of these rows. If no row decides anything, the other columns get the room. */
export const withDecision = (columns: readonly Column[], rows: readonly LogRow[]) => {
  const isShown = (_: unknown, index: number): boolean =>
    columns[index] !== DECISION_COLUMN || rows.some(decides);
  return { columns: columns.filter(isShown), isShown };
};
