import type { GateReport, GateState } from '../../../app/breaker/read-gates.ts';
import type { StatusReport } from '../../../app/reading/read-status.ts';
import { formatCount, formatThings, formatUntil } from '../../../format.ts';

/** One line for each hook that is skipped now. */
export function gateTexts(gates: readonly GateReport[], nowMs: number): string[] {
  return gates.map((gate) => {
    const isAlone = gates.filter(({ hook_name }) => hook_name === gate.hook_name).length === 1;
    const which = isAlone || gate.command === null ? '' : ` (${gate.command})`;
    return `${gate.hook_name}${which}: ${stateText(gate, nowMs)}`;
  });
}

function stateText({ state, until, runs, failures }: GateReport, nowMs: number): string {
  const end = formatUntil(new Date(until), nowMs);
  if (state === 'off') return `off until ${end}`;
  const why =
    runs === null ? '' : `; ${formatCount(failures ?? 0)} of ${formatThings(runs, 'run')} failed`;
  return state === 'open'
    ? `breaker open until ${end}${why}`
    : `breaker half-open: the next run closes or reopens it${why}`;
}

/** One line for each hook that a breaker would skip, and how to switch breakers on. */
export function recommendationTexts({ recommended }: GateState['breaker']): string[] {
  if (recommended.length === 0) return [];
  const texts = recommended.map(
    ({ hook_name, failures, runs }) =>
      `${hook_name}: ${formatCount(failures)} of its last ${formatThings(runs, 'run')} failed`,
  );
  return [...texts, 'to switch breakers on: hookbus config set breaker.enabled true'];
}

/** Switches that look as if they kept a hook from running but do not, and problems of the policy. */
export function idleTexts({ old_gates, breaker, policy }: GateState): string[] {
  return [
    ...old_gates.map(
      (name) =>
        `${name}: switched off by an older version, which has no effect any more; \`hookbus on\` clears it`,
    ),
    ...breaker.unused.map(
      (entry) =>
        `breaker.hooks: ${JSON.stringify(entry)} has no command, so it has no effect; write ${JSON.stringify(`${entry}: COMMAND LINE`)}`,
    ),
    ...(policy.problem === null ? [] : [`${policy.problem}; ${POLICY_STATES[policy.state]}`]),
  ];
}

const POLICY_STATES = {
  absent: '',
  good: '',
  ignored: 'so it protects no hook',
  broken: 'so every hook is protected',
} as const;

/** One line for each hook that is off in another state directory. */
export function elsewhereTexts(
  found: StatusReport['switched_off_elsewhere'],
  nowMs: number,
): string[] {
  return found.map(
    ({ hook_name, state_directory, until }) =>
      `${hook_name}: off until ${formatUntil(new Date(until), nowMs)} in ${state_directory}`,
  );
}

/** The hooks that root protects. */
export function protectedText({ protected_hooks }: GateState['policy']): string {
  if (protected_hooks.includes('*')) return 'every hook';
  return [...protected_hooks, 'and every hook without --name'].join(', ');
}
