import { expect, it } from 'vitest';
import { createPage } from '../../src/cli/output/page.ts';
import { type Column, renderTable } from '../../src/cli/output/table.ts';
import { columnsOf } from '../../src/cli/output/text.ts';

const COLUMNS: readonly Column[] = [
  { title: 'ID', align: 'right' },
  { title: 'HOOK', minWidth: 12 },
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
  expect(row).toMatch(/^ 1 {2}h+… {2}ok {7}1.00 ms$/);
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

it('is at least 40 columns wide, and at most 100 for prose and 160 for tables', () => {
  const widths = [undefined, 20, 79, 100, 120, 500];
  const pages = widths.map((columns) => createPage(columns, false, 0));
  expect(pages.map(({ columns }) => columns)).toEqual([100, 40, 79, 100, 100, 100]);
  expect(pages.map(({ tableColumns }) => tableColumns)).toEqual([100, 40, 79, 100, 120, 160]);
});

it('hides the columns that say nothing, but a pair only as a whole', () => {
  const columns: readonly Column[] = [
    { title: 'HOOK' },
    { title: 'RUNS', align: 'right', isKept: true },
    { title: 'FAILED', align: 'right', pair: 'failed' },
    { title: 'BEFORE', align: 'right', pair: 'failed' },
    { title: 'DENIED', align: 'right', pair: 'denied' },
    { title: 'BEFORE', align: 'right', pair: 'denied' },
    { title: 'TOOL' },
  ];
  const rows = [rowOf('lint', '0', '0', '3', '0', '–', '–')];
  expect(renderTable(columns, rows, plain(80))).toEqual([
    'HOOK  RUNS  FAILED  BEFORE',
    'lint     0       0       3',
  ]);
});

it('drops the partner of a column too', () => {
  const columns: readonly Column[] = [
    { title: 'HOOK', minWidth: 10 },
    { title: 'P50', dropOrder: 1, pair: 'p50' },
    { title: 'BEFORE', pair: 'p50' },
    { title: 'P95', pair: 'p95' },
    { title: 'BEFORE', pair: 'p95' },
  ];
  const [header] = renderTable(
    columns,
    [rowOf('h'.repeat(20), '1 ms', '2 ms', '3 ms', '4 ms')],
    plain(40),
  );
  expect(header?.split(/ +/)).toEqual(['HOOK', 'P95', 'BEFORE']);
});

it('drops columns before it cuts a name, and cuts the widest of what may be cut', () => {
  const columns: readonly Column[] = [
    { title: 'HOOK', minWidth: 10 },
    { title: 'EVENT', minWidth: 8, wantedWidth: 10 },
    { title: 'MAX', dropOrder: 1 },
    { title: 'P95' },
  ];
  const row = rowOf('protect_the_secrets_x', 'PostToolUseFailure', '12.3 ms', '4.56 ms');
  expect(renderTable(columns, [row], plain(44))).toEqual([
    'HOOK                   EVENT         P95',
    'protect_the_secrets_x  PostToolUse…  4.56 ms',
  ]);
});

it('puts a remark into the row if there is room, else below', () => {
  const row = { ...rowOf('1', 'hook', 'error'), remark: { text: 'KeyError: x' } };
  const columns = COLUMNS.slice(0, 3);
  expect(renderTable(columns, [row], plain(80))[1]).toBe(' 1  hook  error   KeyError: x');
  const long = { ...row, remark: { text: 'e'.repeat(70) } };
  expect(renderTable(columns, [long], plain(80)).slice(1)).toEqual([
    ' 1  hook  error',
    `      ${'e'.repeat(70)}`,
  ]);
});
