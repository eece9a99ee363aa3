import { addressOf, changedAddress } from './address.js';
import { getJson } from './api.js';
import { byId, throttled } from './dom.js';
import * as format from './format.js';
import { createLive, createPauses } from './parts/live.js';
import { followSwitches } from './parts/switch.js';
import { createRouter, go } from './router.js';
import * as execution from './views/execution.js';
import * as feed from './views/feed.js';
import * as hook from './views/hook.js';
import * as overview from './views/overview.js';
import * as session from './views/session.js';
import * as sessions from './views/sessions.js';

/** How often to refresh a view: at most while executions come in, and otherwise. */
const REFRESH_MS = 5000;
const IDLE_REFRESH_MS = 30_000;

const TITLES = { overview: 'Overview', feed: 'Live feed', sessions: 'Sessions' };

function showProblem({ message }) {
  byId('problem').textContent = message;
  byId('problem').hidden = false;
}

const router = createRouter(
  { overview, feed, sessions, hook, session, execution },
  {
    onProblem: showProblem,
    onShow({ view, subject, range }) {
      byId('problem').hidden = true;
      byId('title').textContent = TITLES[view] ?? subject;
      document.title = `${TITLES[view] ?? format.short(subject)} · HookBus`;
      for (const link of document.querySelectorAll('nav a')) {
        link.href = addressOf(link.dataset.view, '', { range });
        if (link.dataset.view === view) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      }
      document.querySelector('.brand').href = addressOf('overview', '', { range });
      byId('ranges').hidden = view === 'session';
      document.querySelector(`#ranges input[value="${range}"]`).checked = true;
    },
  },
);

const refresh = throttled(REFRESH_MS, async () => {
  if (await router.refresh()) byId('problem').hidden = true;
});

const live = createLive({
  onRows(news, isCatchingUp) {
    feed.add(news, isCatchingUp);
    refresh();
  },
  onReset() {
    feed.reload();
    refresh();
  },
  onRefused: () => void readNews(),
  onReconnect() {
    void readNews();
    refresh();
  },
});

/** Asks for what every view needs: the last execution and the choices of the filters. */
async function readNews() {
  try {
    const news = await getJson('/api/choices');
    byId('problem').hidden = true;
    feed.offer(news);
    return news;
  } catch (error) {
    showProblem(error);
    return undefined;
  }
}

function wireUp() {
  const onSwitched = (name) => Promise.all([overview, hook].map((view) => view.showSwitched(name)));
  followSwitches({ onSwitched, onProblem: showProblem });
  byId('ranges').addEventListener('change', ({ target }) =>
    go(changedAddress({ range: target.value }, router.shown())),
  );
  byId('execution').addEventListener('close', router.uncover);
  document.querySelector('.skip').addEventListener('click', (event) => {
    // Not a change of the address, which names the view.
    event.preventDefault();
    byId('main').focus();
  });
  const theme = byId('theme');
  theme.value = document.documentElement.dataset.theme;
  theme.addEventListener('change', () => {
    document.documentElement.dataset.theme = theme.value;
    localStorage.setItem('theme', theme.value);
    dispatchEvent(new Event('recolour'));
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
    dispatchEvent(new Event('recolour')),
  );
}

wireUp();
router.start();
const pauses = createPauses();
let news = await readNews();
while (news === undefined) {
  await new Promise((resolve) => setTimeout(resolve, pauses.take()));
  news = await readNews();
}
live.follow(news.last_id);
setInterval(() => {
  if (!document.hidden) refresh();
}, IDLE_REFRESH_MS);
