import type { GateReport, GateState } from '../../bus/read-gates.ts';
import { formatCount, formatMoment, formatThings } from './format.ts';

/** A line for each hook that is not run now. */
export function gateTexts(gates: readonly GateReport[]): string[] {
  return gates.map((gate) => `${gate.hook_name}: ${stateText(gate)}`);
}

function stateText({ state, until, runs, failures }: GateReport): string {
  const end = until === null ? '`hookbus on`' : formatMoment(new Date(until));
  if (state === 'off') return `off until ${end}`;
  const why =
    runs === null
      ? ''
      : `; ${formatCount(failures ?? 0)} of ${formatThings(runs, 'run')} had failed`;
  return state === 'open'
    ? `breaker open until ${end}${why}`
    : `breaker half-open: one run is let through to see whether it is well again${why}`;
}

/** A line for each hook that a breaker would leave out, and how to have that. */
export function recommendationTexts(breaker: GateState['breaker']): string[] {
  const { recommended } = breaker;
  if (recommended.length === 0) return [];
  const texts = recommended.map(({ hook_name, failures, runs, can_block }) => {
    const count = `${formatCount(failures)} of its last ${formatThings(runs, 'run')} failed`;
    const mind = can_block ? '; what it would block is let through while its breaker is open' : '';
    return `${hook_name}: ${count}${mind}`;
  });
  return [...texts, `to switch it on: ${switchOnLine(breaker)}`];
}

/** What to type; lists are given in full, so what is on already is in it. */
function switchOnLine({ enabled, hooks, recommended }: GateState['breaker']): string {
  if (!enabled && recommended.every(({ can_block }) => !can_block)) {
    return 'hookbus config set breaker.enabled true';
  }
  const names = [...hooks, ...recommended.map(({ hook_name }) => hook_name)];
  const list = names.some((name) => /[,[]|^\s|\s$/.test(name))
    ? JSON.stringify(names)
    : names.join(',');
  const isPlain = /^[\w@%+=:,./-]+$/.test(list);
  return `hookbus config set breaker.hooks ${isPlain ? list : `'${list.replaceAll("'", `'\\''`)}'`}`;
}
