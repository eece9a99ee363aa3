import { getJson, postJson, read } from './api.js';
import { byId, fillSelect, throttled } from './dom.js';
import { createFeed } from './feed.js';
import { showCharts, watchSize } from './views/charts.js';
import { showExecution } from './views/execution.js';
import { focusHook, showGlance, showHooks } from './views/glance.js';
import { createLive, createPauses } from './views/live.js';
import { showSessions, showWaterfall } from './views/sessions.js';

/** How often to refresh the numbers: at most while executions come in, and otherwise. */
const REFRESH_MS = 5000;
const IDLE_REFRESH_MS = 30_000;

let series;
const rangeNow = () => document.querySelector('input[name=range]:checked').value;

function showProblem(error) {
  byId('problem').textContent = error.message;
  byId('problem').hidden = false;
}

function guarded(work) {
  return async (...words) => {
    try {
      return await work(...words);
    } catch (error) {
      showProblem(error);
      return undefined;
    }
  };
}

const feed = createFeed({ rangeNow, onProblem: showProblem });

const loadOverview = guarded(async () => {
  const overview = await getJson('/api/overview', { range: rangeNow() });
  byId('problem').hidden = true;
  const { last_id: lastId, metrics, gates } = overview;
  const isEmpty = lastId === 0 && !metrics?.executions && gates.length === 0;
  byId('empty').hidden = !isEmpty;
  for (const id of ['glance', 'latency', 'hooks', 'sessions']) byId(id).hidden = isEmpty;
  showGlance(overview, actions.switchOn);
  showHooks(overview, actions);
  const hooks = overview.metrics?.hooks ?? [];
  const names = hooks.map(({ hook_name }) => hook_name);
  fillSelect(byId('chart-hook'), 'all hooks', names);
  feed.offer({
    hookNames: names,
    eventTypes: hooks.map(({ event_type }) => event_type).filter(Boolean),
    projects: overview.projects,
    agents: overview.agents,
  });
  return overview;
});

/** @param pending a response that was already requested */
const loadSeries = guarded(async (pending = undefined) => {
  const query = { range: rangeNow(), hook: byId('chart-hook').value };
  series = await (pending === undefined ? getJson('/api/series', query) : pending.then(read));
  showCharts(series);
});

const loadSessions = guarded(() => showSessions(rangeNow()));

/** The refresh replaces the button that was pressed; the focus moves to the new button of the same hook. */
async function showSwitched(hook) {
  document.activeElement?.blur();
  await loadOverview();
  focusHook(hook);
}

const actions = {
  switchOn: guarded(async (hook) => {
    await postJson('/api/on', { hook });
    await showSwitched(hook);
  }),
  switchOff: guarded(async (hook) => {
    const time = byId('off-for').selectedOptions[0];
    const change = { hook, for_seconds: Number(time.value) };
    try {
      await postJson('/api/off', change);
    } catch (error) {
      if (error.code !== 'E_CONFIRM') throw error;
      // A blocking dialog is intended.
      if (!globalThis.confirm(`${error.message}\n\nSwitch ${hook} off for ${time.text}?`)) return;
      await postJson('/api/off', { ...change, confirmed: true });
    }
    await showSwitched(hook);
  }),
};

const refresh = throttled(REFRESH_MS, () => {
  feed.redate();
  void loadOverview();
  // Longer ranges change slowly, and read many rollups.
  if (['1h', '24h'].includes(rangeNow())) void loadSeries();
  void loadSessions();
});

const live = createLive({
  onRows({ rows, missed }, isCatchingUp) {
    // After a reconnect, reload the list instead of reporting missed executions.
    if (missed > 0 && isCatchingUp) void feed.load();
    else if (missed > 0) feed.missed(missed);
    feed.add(rows);
    refresh();
  },
  onReset() {
    void feed.load();
    refresh();
  },
  onRefused: () => void loadOverview(),
  onReconnect: refresh,
});

/** Opens the execution or session that the address names after `#/`. */
const openAddress = guarded(async () => {
  const [, kind, id] = /^#\/(execution|session)\/(.+)$/.exec(location.hash) ?? [];
  if (kind === 'execution') await showExecution(id);
  else if (byId('execution').open) byId('execution').close();
  if (kind === 'session') await showWaterfall(decodeURIComponent(id));
});

/** Removes a closed execution or session from the address. */
function leaveAddress(kind) {
  if (location.hash.startsWith(`#/${kind}/`)) history.pushState(null, '', location.pathname);
}

function wireUp() {
  byId('ranges').addEventListener('change', () => {
    void loadOverview();
    void loadSeries();
    void loadSessions();
    void feed.load();
  });
  byId('chart-hook').addEventListener('change', () => void loadSeries());
  byId('execution-close').addEventListener('click', () => byId('execution').close());
  byId('execution').addEventListener('close', () => leaveAddress('execution'));
  byId('waterfall-close').addEventListener('click', () => {
    byId('waterfall').hidden = true;
    leaveAddress('session');
  });
  const theme = byId('theme');
  theme.value = document.documentElement.dataset.theme;
  theme.addEventListener('change', () => {
    document.documentElement.dataset.theme = theme.value;
    localStorage.setItem('theme', theme.value);
    if (series !== undefined) showCharts(series);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    if (series !== undefined) showCharts(series);
  });
  addEventListener('hashchange', () => void openAddress());
  watchSize();
}

wireUp();
const isOtherRange = rangeNow() !== '24h';
void loadSeries(isOtherRange ? undefined : globalThis.firstSeries);
const pauses = createPauses();
let overview = await loadOverview();
while (overview === undefined) {
  await new Promise((resolve) => setTimeout(resolve, pauses.take()));
  overview = await loadOverview();
}
live.follow(overview.last_id);
void feed.load();
void loadSessions();
void openAddress();
setInterval(() => {
  if (document.hidden) return;
  refresh();
  void loadSeries();
}, IDLE_REFRESH_MS);
