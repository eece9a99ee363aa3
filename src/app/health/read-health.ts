import { ignoredText } from '../../config/policy/value-sources.ts';
import { typedWord } from '../../domain/hook/shell-word.ts';
import { DAY_MS, isoOf } from '../../domain/time.ts';
import type { Database } from '../../store/database.ts';
import type { Notice } from '../../store/queries/overview.ts';
import { type HookProblems, readHookProblems } from '../../store/queries/problems.ts';
import type { AlertReport } from '../alerts/alert-report.ts';
import type { GateState } from '../breaker/read-gates.ts';
import type { ElsewhereReport } from '../breaker/switched-off-elsewhere.ts';
import type { Finding } from '../doctor/finding.ts';
import type { SkippedGuardReport } from '../reading/read-skipped-guards.ts';
import { alertTroubles, gateTroubles, skippedTroubles } from './guard-troubles.ts';
import { type HealthItem, ordered, type Trouble, trouble } from './health-item.ts';
import { hookFaults, type NameOf, troubleOf } from './hook-troubles.ts';
import { ignoredAnswers } from './ignored-answers.ts';
import { slowestHook } from './slowest-hook.ts';

export type { HealthItem } from './health-item.ts';

/** About how many executions are read, so that the page can ask every few seconds. */
const MAX_ROWS = 10_000;

/** What the caller has read already. */
export interface HealthFacts {
  /** Undefined if there is no database that can be used. */
  readonly db: Database | undefined;
  readonly nowMs: number;
  readonly gates: Pick<
    GateState,
    'gates' | 'old_gates' | 'breaker' | 'policy' | 'config' | 'config_policy'
  >;
  readonly skipped: readonly SkippedGuardReport[];
  /** The open ones. */
  readonly alerts: readonly AlertReport[];
  readonly notices: readonly Notice[];
  readonly elsewhere?: readonly ElsewhereReport[];
}

/**
 * What is wrong, the worst first, each thing once, with the numbers of the last 24 hours. `status`, `doctor` and the page
 * show this list. It reads no settings file, and at most about `MAX_ROWS` executions.
 */
export function readHealth(facts: HealthFacts): HealthItem[] {
  const { db, nowMs, gates, skipped, alerts, notices } = facts;
  const since = isoOf(nowMs - DAY_MS);
  const hooks = db === undefined ? [] : readHookProblems(db, since, MAX_ROWS);
  const nameOf = namesOf(hooks);
  const faults = hookFaults(hooks, nameOf);
  const known = [
    ...skippedTroubles(skipped, nowMs),
    ...gateTroubles(gates.gates, skipped, hooks, nowMs),
    ...faults.map(troubleOf),
    ...ignoredAnswers(notices, hooks, since, nameOf, nowMs).map(troubleOf),
    ...(db === undefined ? [] : slowestHook(db, since, nowMs, nameOf)),
  ];
  return ordered([...known, ...alertTroubles(alerts, faults, known), ...switchTroubles(facts)]);
}

/** The list with what else was found to be wrong, by the same order. */
export function withFindings(
  items: readonly HealthItem[],
  findings: readonly Finding[],
): HealthItem[] {
  const texts = new Set(items.map(({ text }) => text));
  const found = findings
    .filter(({ what }) => !texts.has(what))
    .map(({ severity, what, health }) =>
      health === undefined
        ? trouble(severity === 'problem' ? 'broken' : 'note', what, { fix: 'hookbus doctor' }, 0)
        : { item: health, weight: 0 },
    );
  const known = items.map((item, at) => ({ item, weight: items.length - at }));
  return ordered([...known, ...found]);
}

/** With its event only if the hook runs on several. */
export function namesOf(hooks: readonly HookProblems[]): NameOf {
  const events = new Map<string, Set<string>>();
  for (const { hookName, eventType } of hooks) {
    events.set(hookName, (events.get(hookName) ?? new Set()).add(eventType));
  }
  return ({ hookName, eventType }) =>
    (events.get(hookName)?.size ?? 0) > 1 && eventType !== ''
      ? `${hookName} on ${eventType}`
      : hookName;
}

/** Switches that do something elsewhere, or nothing. */
function switchTroubles({ gates, elsewhere = [] }: HealthFacts): Trouble[] {
  const { old_gates, breaker, policy, config, config_policy } = gates;
  return [
    ...elsewhere.map(({ hook_name, state_directory }) =>
      trouble(
        'unguarded',
        `${hook_name} is off for hooks that use the state directory ${state_directory}`,
        { hook_name, fix: `HOOKBUS_HOME=${typedWord(state_directory)} hookbus status` },
        3,
      ),
    ),
    ...(policy.problem === null
      ? []
      : [trouble('broken', policy.problem, { fix: 'hookbus doctor' }, 1)]),
    ...config_policy.problems.map((text) => trouble('broken', text, { fix: 'hookbus doctor' }, 1)),
    ...config_policy.forbidden.map((one) =>
      trouble('note', ignoredText(`${one.key} in config.json`, one), {
        fix: `hookbus config unset ${one.key}`,
      }),
    ),
    ...(config.problem === null
      ? []
      : [
          trouble(
            'broken',
            `${config.path} cannot be used: ${config.problem}`,
            { fix: 'hookbus config' },
            1,
          ),
        ]),
    ...old_gates.map((hook_name) =>
      trouble(
        'note',
        `${hook_name} runs: an older version switched it off, which no longer counts`,
        {
          hook_name,
          fix: `hookbus on ${typedWord(hook_name)}`,
        },
      ),
    ),
    ...breaker.unused.map((entry) =>
      trouble(
        'note',
        `breaker.hooks in config.json has ${JSON.stringify(entry)} without a command, so it applies to no hook`,
        {
          fix: 'hookbus config',
        },
      ),
    ),
  ];
}
