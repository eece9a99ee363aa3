import { addressOf } from '../address.js';
import { getJson, read } from '../api.js';
import { byId, el, fill } from '../dom.js';
import { showAbout, showCards } from '../parts/cards.js';
import { createCharts } from '../parts/charts.js';
import { keepFocus } from '../parts/focus.js';
import { showHealth } from '../parts/health.js';
import { showHooks } from '../parts/hooks-table.js';
import { noRow, openOnClick, rowHeadings, rowOf } from '../parts/rows.js';

/** How many refusals and failures to list. */
const LATEST = 8;

const charts = createCharts(byId('charts'));
openOnClick(byId('latest-table'));

let params;
/** The last answer, for a change that needs no other. */
let overview;

export async function show(asked) {
  const isSort = overview !== undefined && asked.range === params?.range;
  params = asked;
  if (isSort) showHooks(overview, asked.sort);
  await refresh();
}

export function hide() {
  params = undefined;
}

/** Longer ranges change slowly, and read many rollups: their chart waits for the slower refresh. */
export async function refresh() {
  const { range } = params;
  await Promise.all([loadSeries(range), loadOverview(range), loadLatest(range)]);
}

/** What was asked for may be out of date when the answer comes. */
const isCurrent = (range) => params?.range === range;

async function loadOverview(range) {
  const answer = await getJson('/api/overview', { range });
  if (!isCurrent(range)) return;
  overview = answer;
  const { last_id: lastId, metrics, gates } = overview;
  const isEmpty = lastId === 0 && !metrics?.executions && gates.length === 0;
  byId('empty').hidden = !isEmpty;
  byId('glance').hidden = isEmpty;
  byId('ranges').hidden = isEmpty;
  showHealth(overview);
  showCards(overview);
  showHooks(overview, params.sort);
  showAbout(overview);
}

async function loadSeries(range) {
  const early = globalThis.firstSeries;
  globalThis.firstSeries = undefined;
  const series =
    early?.range === range
      ? await early.response.then(read)
      : await getJson('/api/series', { range });
  if (isCurrent(range)) charts.show(series);
}

/** The latest refusals and failures, together. */
async function loadLatest(range) {
  const found = await Promise.all(
    [{ status: 'failed' }, { decision: 'deny' }].map((filter) =>
      getJson('/api/executions', { range, limit: LATEST, ...filter }),
    ),
  );
  if (!isCurrent(range)) return;
  const rows = new Map(found.flatMap((one) => one.rows).map((row) => [row.id, row]));
  const latest = [...rows.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  const lines = latest.slice(0, LATEST).map((row) => rowOf(row));
  const none = noRow('Nothing was refused and nothing failed in the time range.');
  byId('latest-all').href = addressOf('feed');
  const table = byId('latest-table');
  keepFocus(table, () =>
    fill(
      table,
      el('caption', { class: 'hidden' }, 'The latest refusals and failures, newest first'),
      lines.length === 0 ? undefined : rowHeadings(),
      el('tbody', {}, ...(lines.length === 0 ? [none] : lines)),
    ),
  );
}

/** A hook was switched. */
export async function showSwitched() {
  if (params !== undefined) await loadOverview(params.range);
}
