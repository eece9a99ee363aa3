import { expect, it } from 'vitest';
import { createPage } from '../../src/cli/output/page.ts';
import { type Column, renderTable } from '../../src/cli/output/table.ts';
import { columnsOf } from '../../src/cli/output/text.ts';

const COLUMNS: readonly Column[] = [
  { title: 'ID', align: 'right' },
  { title: 'HOOK', minWidth: 12, clip: 'middle' },
  { title: 'STATUS' },
  { title: 'OVERHEAD', align: 'right', dropOrder: 1 },
];

const rowOf = (...texts: readonly string[]) => ({ cells: texts.map((text) => ({ text })) });

const plain = (columns: number) => createPage(columns, false, 0);

it('aligns columns, even with wide characters, and has no trailing blanks', () => {
  const rows = [rowOf('9', '部署チェック', 'ok', '1'), rowOf('10', '🚀', 'error', '12')];
  expect(renderTable(COLUMNS.slice(0, 3), rows, plain(80))).toEqual([
    'ID  HOOK          STATUS',
    ' 9  部署チェック  ok',
    '10  🚀            error',
  ]);
});

it('clips a column that may be clipped, but no further than needed', () => {
  const rows = [rowOf('1', 'h'.repeat(200), 'ok', '1.00 ms')];
  const [header = '', row = ''] = renderTable(COLUMNS, rows, plain(80));
  expect([columnsOf(header), columnsOf(row)]).toEqual([80, 80]);
  expect(row).toMatch(/^ 1 {2}h+…h+ {2}ok {7}1.00 ms$/);
});

it('drops a column if there is no room', () => {
  const rows = [rowOf('1', 'hook', 's'.repeat(70), '1.00 ms')];
  expect(renderTable(COLUMNS, rows, plain(85))[0]).not.toContain('OVERHEAD');
});

it('puts the line below a row under it, clipped', () => {
  const row = { ...rowOf('1', 'hook', 'error', '1'), below: { text: 'e'.repeat(200) } };
  const [, , below = ''] = renderTable(COLUMNS, [row], plain(80));
  expect(below).toBe(`      ${'e'.repeat(73)}…`);
});

it('colours text but not blanks, and does not count colours as columns', () => {
  const page = createPage(80, true, 0);
  const rows = [{ cells: [{ text: '1' }, { text: 'h' }, { text: 'ok', tone: 'good' as const }] }];
  expect(renderTable(COLUMNS.slice(0, 3), rows, page)[1]).toBe(' 1  h     \x1b[32mok\x1b[39m');
});

it('is at most 100 and at least 80 columns wide', () => {
  const widths = [undefined, 20, 79, 80, 90, 100, 500];
  expect(widths.map((columns) => createPage(columns, false, 0).columns)).toEqual([
    100, 80, 80, 80, 90, 100, 100,
  ]);
});
