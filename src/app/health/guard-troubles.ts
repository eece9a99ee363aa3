import { typedWord } from '../../domain/hook/shell-word.ts';
import { formatAge, formatClock, formatCount, formatThings } from '../../format.ts';
import type { HookProblems } from '../../store/queries/problems.ts';
import type { AlertReport } from '../alerts/alert-report.ts';
import type { GateReport } from '../breaker/read-gates.ts';
import type { SkippedGuardReport } from '../reading/read-skipped-guards.ts';
import { type Trouble, trouble } from './health-item.ts';
import { canRefuse, type HookFault, isFailure } from './hook-troubles.ts';

/** Guards that were skipped, so that nothing refused what they would have refused. */
export function skippedTroubles(skipped: readonly SkippedGuardReport[], nowMs: number): Trouble[] {
  return skipped.map((one) => {
    const { hook_name, event_type, reason, count, last_at, is_gated, until } = one;
    const name = typedWord(hook_name);
    const now = is_gated
      ? `, and is off until ${until === null ? 'you switch it on' : endOf(until, nowMs)}`
      : '';
    const last = formatAge(new Date(last_at), nowMs);
    const on = event_type === '' ? '' : ` on ${event_type}`;
    const text = `${hook_name}${on} was skipped ${formatThings(count, 'time')} and refused nothing (${reason}, last ${last})${now}`;
    const fix = is_gated ? `hookbus on ${name}` : `hookbus logs --hook ${name}`;
    return trouble('unguarded', text, { hook_name, event_type, fix }, is_gated ? 4 : 1.5);
  });
}

/** Hooks that a gate skips now, if no skipped guard tells of it. */
export function gateTroubles(
  gates: readonly GateReport[],
  skipped: readonly SkippedGuardReport[],
  hooks: readonly HookProblems[],
  nowMs: number,
): Trouble[] {
  const known = new Set(
    skipped.filter(({ is_gated }) => is_gated).map(({ hook_name }) => hook_name),
  );
  return gates
    .filter(({ hook_name }) => !known.has(hook_name))
    .map((gate) => {
      const { hook_name } = gate;
      const isAlone = gates.filter((other) => other.hook_name === hook_name).length === 1;
      const name = isAlone || gate.command === null ? hook_name : `${hook_name} (${gate.command})`;
      const isGuard = hooks.some((hook) => hook.hookName === hook_name && canRefuse(hook));
      const fix = `hookbus on ${typedWord(hook_name)}`;
      if (gate.state !== 'off') {
        return trouble('broken', breakerText(name, gate, nowMs), { hook_name, fix }, 2);
      }
      const text = `${name} is off until ${endOf(gate.until, nowMs)}${isGuard ? ', and refuses nothing' : ''}`;
      return trouble(isGuard ? 'unguarded' : 'note', text, { hook_name, fix }, isGuard ? 4 : 1);
    });
}

function breakerText(name: string, { state, until, runs, failures }: GateReport, nowMs: number) {
  const what =
    state === 'open'
      ? `is open until ${endOf(until, nowMs)}`
      : 'is half-open, and its next run closes or reopens it';
  const why =
    runs === null ? '' : `; ${formatCount(failures ?? 0)} of ${formatThings(runs, 'run')} failed`;
  return `the breaker of ${name} ${what}${why}`;
}

/** A time of today without its date. */
function endOf(until: string, nowMs: number): string {
  const [end, now] = [new Date(until), new Date(nowMs)];
  const clock = formatClock(end).slice(0, 5);
  return end.toDateString() === now.toDateString()
    ? clock
    : `${end.toISOString().slice(0, 10)} ${clock}`;
}

/** What to think of an alert, and what to type. */
const OF_RULES: Readonly<
  Partial<
    Record<
      AlertReport['rule'],
      { harm: 'unguarded' | 'broken' | 'slow' | 'note'; fix: (name: string) => string }
    >
  >
> = {
  drill_passed: { harm: 'unguarded', fix: (name) => `hookbus drill ${name}` },
  went_silent: { harm: 'unguarded', fix: () => 'hookbus hooks' },
  guard_changed: { harm: 'note', fix: (name) => `hookbus drill ${name}` },
  cannot_start: { harm: 'broken', fix: (name) => `hookbus logs --hook ${name}` },
  guard_exit_1: { harm: 'unguarded', fix: (name) => `hookbus logs --hook ${name}` },
  guard_timeout: { harm: 'unguarded', fix: (name) => `hookbus logs --hook ${name}` },
  fails_every_time: { harm: 'broken', fix: (name) => `hookbus logs --hook ${name}` },
  failure_rate: { harm: 'broken', fix: (name) => `hookbus logs --hook ${name}` },
  hook_p95: { harm: 'slow', fix: () => 'hookbus report' },
  overhead_p50: { harm: 'slow', fix: () => 'hookbus metrics' },
  overhead_p95: { harm: 'slow', fix: () => 'hookbus metrics' },
  overhead_p99: { harm: 'slow', fix: () => 'hookbus metrics' },
  spool_growing: { harm: 'broken', fix: () => 'hookbus daemon restart' },
  exporter_failing: { harm: 'broken', fix: () => 'hookbus status' },
};

/** Alerts about failures, which executions tell of as long as there are some. */
const OF_FAILURES: readonly AlertReport['rule'][] = [
  'cannot_start',
  'guard_exit_1',
  'guard_timeout',
  'fails_every_time',
  'failure_rate',
];

/**
 * What alerts know and nothing else tells of.
 * @param known what else is in the list
 */
export function alertTroubles(
  open: readonly AlertReport[],
  faults: readonly HookFault[],
  known: readonly Trouble[],
): Trouble[] {
  const failing = new Set(faults.filter(isFailure).map(({ hook }) => hook.hookName));
  const slow = new Set(
    known.filter(({ item }) => item.harm === 'slow').map(({ item }) => item.hook_name),
  );
  return open.flatMap(({ rule, subject, text }) => {
    const words = OF_RULES[rule];
    if (words === undefined) return [];
    if (OF_FAILURES.includes(rule)) {
      if (failing.has(subject)) return [];
      failing.add(subject);
    }
    if (words.harm === 'slow' && slow.has(subject)) return [];
    const isOfHook = rule !== 'exporter_failing' && subject !== '';
    const fields = { hook_name: isOfHook ? subject : null, fix: words.fix(typedWord(subject)) };
    return [trouble(words.harm, text, fields, 0.5)];
  });
}
