import { addressOf } from '../address.js';
import { byId, el, fill } from '../dom.js';
import * as format from '../format.js';
import { hookAddress } from './rows.js';

function card({ name, figure, note, tone = '', href }) {
  const parts = [
    el('span', { class: 'name' }, name),
    el('span', { class: 'figure' }, figure),
    el('span', { class: 'note' }, note),
  ];
  const box = href ? el('a', { href }, ...parts) : el('div', {}, ...parts);
  return el('li', { class: `card ${tone}` }, box);
}

/** Hooks by name, whatever their events. */
function byName(hooks) {
  const names = new Map();
  for (const { hook_name: name, runs, denied, error, timeout, total_ms: totalMs } of hooks) {
    const sum = names.get(name) ?? { name, runs: 0, denied: 0, failures: 0, totalMs: 0 };
    names.set(name, {
      name,
      runs: sum.runs + runs,
      denied: sum.denied + denied,
      failures: sum.failures + error + timeout,
      totalMs: sum.totalMs + (totalMs ?? 0),
    });
  }
  return [...names.values()];
}

/** The two hooks with most of something, and how much. */
const most = (hooks, of, show) =>
  hooks
    .filter((hook) => of(hook) > 0)
    .sort((a, b) => of(b) - of(a))
    .slice(0, 2)
    .map((hook) => `${hook.name} ${show(hook)}`)
    .join(', ');

function failing(hooks) {
  const failed = hooks.filter(({ failures }) => failures > 0);
  const worst = most(
    failed,
    ({ failures, runs }) => failures / runs,
    ({ failures, runs }) => `${format.count(failures)} of ${format.count(runs)}`,
  );
  return {
    name: 'Failing hooks',
    figure: format.count(failed.length),
    note: worst || `all of ${format.things(hooks.length, 'hook')} work`,
    tone: failed.length > 0 ? 'failed' : '',
    href: addressOf('feed', '', { status: 'failed' }),
  };
}

function refusals(hooks, denied) {
  return {
    name: 'Refusals',
    figure: format.count(denied),
    note:
      most(
        hooks,
        (hook) => hook.denied,
        (hook) => format.count(hook.denied),
      ) || 'no call was refused',
    tone: denied > 0 ? 'refused' : '',
    href: addressOf('feed', '', { decision: 'deny' }),
  };
}

function timeWaited(hooks, waitedMs, totalMs) {
  const isKnown = waitedMs !== null;
  const longest = most(
    hooks,
    (hook) => hook.totalMs,
    (hook) => format.ms(hook.totalMs),
  );
  return {
    name: isKnown ? 'Time agents waited' : 'Time in hooks',
    figure: format.ms(isKnown ? waitedMs : totalMs),
    note: longest || 'no hook ran',
    href: addressOf('sessions'),
  };
}

/** The hook on an event whose slow runs are slowest. */
function slowest(hooks) {
  const [first] = hooks.filter((hook) => hook.p95_ms !== null).sort((a, b) => b.p95_ms - a.p95_ms);
  if (first === undefined) return { name: 'Slowest hook', figure: '–', note: 'no hook ran' };
  return {
    name: 'Slowest hook',
    figure: first.hook_name,
    note: `P95 ${format.ms(first.p95_ms)}, at most ${format.ms(first.max_ms)}`,
    href: hookAddress(first),
  };
}

export function showCards({ metrics, behind, waited_ms: waitedMs }) {
  if (metrics === null) {
    const note = 'the first look at a large log takes a minute';
    fill(
      byId('cards'),
      card({ name: 'Executions', figure: '…', note: `${format.count(behind)} to count; ${note}` }),
    );
    return;
  }
  const hooks = byName(metrics.hooks);
  const cards = [
    failing(hooks),
    refusals(hooks, metrics.denied),
    timeWaited(hooks, waitedMs, metrics.total_ms),
    slowest(metrics.hooks),
  ];
  fill(byId('cards'), ...cards.map(card));
}

/** HookBus itself, in one line below everything, which is marked if it misses a target. */
export function showAbout({ version, metrics }) {
  const grades = Object.entries(metrics?.overhead.grades ?? {});
  const known = grades.filter(([, { value }]) => value !== null);
  const isOk = known.every(([, { grade }]) => grade === 'ok');
  const times = known.map(([name, { value }]) => `${name.toUpperCase()} ${format.ms(value)}`);
  const targets = known.map(([name, { target }]) => `${name.toUpperCase()} under ${target} ms`);
  fill(
    byId('about'),
    `HookBus ${version}`,
    metrics === null ? undefined : ` · ${format.things(metrics.executions, 'execution')} `,
    known.length === 0
      ? undefined
      : el(
          'span',
          {
            class: isOk ? '' : 'warn',
            title: `Measured inside. Targets for the caller: ${targets.join(', ')}`,
          },
          `· overhead ${times.join(', ')}${isOk ? '' : ', above its target'}`,
        ),
  );
}
