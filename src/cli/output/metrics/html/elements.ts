import { formatCount } from '../../../../format.ts';
import { visible } from '../../text.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Recorded text is untrusted: escapes its markup, and invisible characters. */
export function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** What a column is for; a narrow screen leaves out those that are `more`. */
export interface Column {
  readonly title: string;
  readonly kind?: 'number' | 'more' | 'more number';
}

/** A cell: escaped HTML, and the share of the longest bar that is drawn behind it. */
export interface Cell {
  readonly html: string;
  readonly part?: number;
}

export const textCell = (text: string): Cell => ({ html: escaped(text) });

/** A name, and below it what distinguishes it. */
export const namedCell = (name: string, about: string, title = ''): Cell => ({
  html: `<span${title === '' ? '' : ` title="${escaped(title)}"`}>${escaped(name)}</span>${about === '' ? '' : `<small>${escaped(about)}</small>`}`,
});

export const barCell = (text: string, part: number): Cell => ({ html: escaped(text), part });

/** A section with a table; without rows, a sentence. @param max how many rows; the rest is counted */
export function tableSection(
  title: string,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  {
    max,
    none = '',
    note = '',
  }: { readonly max: number; readonly none?: string; readonly note?: string },
): string {
  const heading = `<h2>${escaped(title)}</h2>`;
  if (rows.length === 0)
    return none === '' ? '' : `<section>${heading}<p class="none">${escaped(none)}</p></section>`;
  const titles = columns.map(
    (column) => `<th${classOf(column)} scope="col">${escaped(column.title)}</th>`,
  );
  const lines = rows
    .slice(0, max)
    .map((cells) => `<tr>${cells.map((cell, at) => cellHtml(cell, columns[at])).join('')}</tr>`);
  const rest = rows.length - max;
  const after = [rest > 0 ? `… and ${formatCount(rest)} more.` : '', note]
    .filter(Boolean)
    .join(' ');
  return `<section>${heading}
<table>
<thead><tr>${titles.join('')}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody>
</table>${after === '' ? '' : `\n<p class="note">${escaped(after)}</p>`}
</section>`;
}

const classOf = ({ kind }: Column, more = ''): string => {
  const names = [kind ?? '', more].filter(Boolean).join(' ');
  return names === '' ? '' : ` class="${names}"`;
};

function cellHtml({ html, part }: Cell, column: Column = { title: '' }): string {
  if (part === undefined) return `<td${classOf(column)}>${html}</td>`;
  const share = Math.min(Math.max(part, 0), 1).toFixed(3);
  return `<td${classOf(column, 'bar')} style="--part: ${share}">${html}</td>`;
}
