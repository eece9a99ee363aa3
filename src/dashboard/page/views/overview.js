import { getJson, postJson, read } from '../api.js';
import { byId } from '../dom.js';
import { showCharts, watchSize } from '../parts/charts.js';
import { focusHook, showGlance, showHooks } from '../parts/glance.js';

let params;
let series;

export async function show(asked) {
  params = asked;
  await Promise.all([loadSeries(), loadOverview()]);
}

export function hide() {
  params = undefined;
}

export const refresh = () => show(params);

async function loadOverview() {
  const overview = await getJson('/api/overview', { range: params.range });
  const { last_id: lastId, metrics, gates } = overview;
  const isEmpty = lastId === 0 && !metrics?.executions && gates.length === 0;
  byId('empty').hidden = !isEmpty;
  for (const id of ['glance', 'latency', 'hooks']) byId(id).hidden = isEmpty;
  showGlance(overview, actions.switchOn);
  showHooks(overview, actions);
}

async function loadSeries() {
  const { range } = params;
  const early = globalThis.firstSeries;
  globalThis.firstSeries = undefined;
  const answer =
    early?.range === range
      ? await early.response.then(read)
      : await getJson('/api/series', { range });
  // Another range may have been asked for since.
  if (params?.range !== range) return;
  series = answer;
  showCharts(series);
}

/** The refresh replaces the button that was pressed; the focus moves to the new button of the same hook. */
async function showSwitched(hook) {
  document.activeElement?.blur();
  await loadOverview();
  focusHook(hook);
}

const actions = {
  async switchOn(hook) {
    await postJson('/api/on', { hook });
    await showSwitched(hook);
  },
  async switchOff(hook) {
    const time = byId('off-for').selectedOptions[0];
    const change = { hook, for_seconds: Number(time.value) };
    try {
      await postJson('/api/off', change);
    } catch (error) {
      if (error.code !== 'E_CONFIRM') throw error;
      if (!globalThis.confirm(`${error.message}\n\nSwitch ${hook} off for ${time.text}?`)) return;
      await postJson('/api/off', { ...change, confirmed: true });
    }
    await showSwitched(hook);
  },
};

addEventListener('recolour', () => series !== undefined && showCharts(series));
watchSize();
