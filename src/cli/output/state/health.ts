import type { Harm, HealthItem } from '../../../app/health/health-item.ts';
import { formatCount } from '../../../format.ts';
import type { Page, Tone } from '../page.ts';
import { columnsOf, hanging, visible } from '../text.ts';

const TONES: Readonly<Record<Harm, Tone | undefined>> = {
  unguarded: 'bad',
  broken: 'bad',
  misled: 'warn',
  slow: 'warn',
  note: undefined,
};

/** Fewer would hide what else is wrong. */
const MIN_ITEMS = 3;

/** The items, the worst first, each with the command that shows or mends it; as many as fit into `maxLines`. */
export function healthLines(items: readonly HealthItem[], maxLines: number, page: Page): string[] {
  const lines: string[] = [];
  for (const [at, item] of items.entries()) {
    const next = itemLines(item, page);
    // One line is for the number of the others.
    const room = maxLines - lines.length - (at === items.length - 1 ? 0 : 1);
    if (at >= MIN_ITEMS && next.length > room) {
      const rest = formatCount(items.length - at);
      return [...lines, page.paint(`  … and ${rest} more: hookbus doctor`, 'dim')];
    }
    lines.push(...next);
  }
  return lines;
}

function itemLines({ harm, text, fix }: HealthItem, page: Page): string[] {
  const lines = hanging('- ', visible(text), page, TONES[harm]);
  if (fix === null) return lines;
  const last = lines.at(-1) ?? '';
  const command = `> ${visible(fix)}`;
  const dim = page.paint(command, 'dim');
  const used = columnsOf(hanging('- ', visible(text), { ...page, paint: plain }).at(-1) ?? '');
  if (used + 2 + columnsOf(command) > page.columns) return [...lines, `  ${dim}`];
  return [...lines.slice(0, -1), `${last}  ${dim}`];
}

const plain = (text: string): string => text;
