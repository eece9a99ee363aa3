import { type Config, type ConfigReading, readConfigFile } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { type ForbiddenSetting, forbiddenSettings } from '../../config/policy/value-sources.ts';
import { type HookId, isWholeCommand } from '../../domain/hook/hook-id.ts';
import { DAY_MS } from '../../domain/time.ts';
import { assess, type BreakerState, stateOfOpened } from '../../gates/breaker.ts';
import { gateFiles, isInForce } from '../../gates/gate-file.ts';
import { type FoundGate, listGates, listOldGates } from '../../gates/gate-writer.ts';
import { type Policy, readPolicy } from '../../gates/policy.ts';
import { type BreakerStore, createBreakerStore, listHookNames } from '../../store/breakers.ts';
import type { Database } from '../../store/database.ts';
import { keyServerFindings } from '../dedupe/key-server.ts';
import type { Finding } from '../doctor/finding.ts';
import { isEnabledFor, isHarmless, policyOf } from './breaker.ts';

/** A hook that is off, or whose breaker is open or half open. */
export interface GateReport {
  /** The digest in the file's name, if the file does not contain the hook's name. */
  readonly hook_name: string;
  /** Null if the gate file does not contain it. */
  readonly command: string | null;
  readonly state: 'off' | Exclude<BreakerState, 'closed'>;
  readonly until: string;
  /** The executions that opened the breaker; null for a hook that is off. */
  readonly runs: number | null;
  readonly failures: number | null;
}

/** A hook whose breaker would be open if it were enabled. */
interface Recommendation {
  readonly hook_name: string;
  readonly command: string;
  readonly runs: number;
  readonly failures: number;
}

/** What `status` reports about config.json and gates. */
export interface GateState {
  readonly config: {
    readonly path: string | null;
    readonly state: ConfigReading['state'];
    readonly problem: string | null;
  };
  /** What is wrong with the key server in config.json. */
  readonly key_server_problems: readonly Finding[];
  readonly gates: readonly GateReport[];
  /** Hooks that an older version switched off. Those switches no longer count: the hooks run. */
  readonly old_gates: readonly string[];
  readonly breaker: {
    readonly enabled: boolean;
    readonly hooks: readonly string[];
    /** Entries of `hooks` without a command; they apply to no hook. */
    readonly unused: readonly string[];
    readonly recommended: readonly Recommendation[];
  };
  /** /etc/hookbus/config.json and config.d beside it. */
  readonly config_policy: {
    /** The files that count. */
    readonly files: readonly string[];
    /** What does not count, and why, one sentence each. */
    readonly problems: readonly string[];
    /** Keys of config.json that do not count, and the file that forbids them. */
    readonly forbidden: readonly ForbiddenSetting[];
  };
  /** /etc/hookbus/policy.json. */
  readonly policy: {
    readonly state: Policy['state'];
    readonly problem: string | null;
    readonly protected_hooks: readonly string[];
  };
}

export const NO_GATES: Omit<GateState, 'config_policy'> = {
  config: { path: null, state: 'absent', problem: null },
  key_server_problems: [],
  gates: [],
  old_gates: [],
  breaker: { enabled: false, hooks: [], unused: [], recommended: [] },
  policy: { state: 'absent', problem: null, protected_hooks: [] },
};

/** @param db undefined if there is no database that can be used */
export function readGates(paths: StatePaths, db: Database | undefined, nowMs: number): GateState {
  const reading = readConfigFile(paths.config);
  const { breaker, dedupe } = reading.config;
  const isKnown = db !== undefined && reading.state !== 'refused';
  return {
    config: {
      path: paths.config,
      state: reading.state,
      problem: reading.state === 'refused' ? reading.problem : null,
    },
    config_policy: configPolicyState(reading),
    key_server_problems: keyServerFindings(dedupe),
    gates: gatesNow(paths.gates, db, nowMs),
    old_gates: [...new Set(listOldGates(paths.gates).map(({ hookName }) => hookName))],
    breaker: {
      enabled: breaker.enabled,
      hooks: breaker.hooks,
      unused: breaker.hooks.filter((hook) => !hook.includes(': ')),
      // If config.json cannot be used, only the daemon knows the last valid one.
      recommended: isKnown ? recommend(db, breaker, nowMs) : [],
    },
    policy: readPolicyState(),
  };
}

export const configPolicyState = (reading: ConfigReading): GateState['config_policy'] => ({
  files: reading.policy.files,
  problems: reading.policy.problems,
  forbidden: forbiddenSettings(reading),
});

/** A broken policy protects every hook. */
function readPolicyState(): GateState['policy'] {
  const { state, problem, names } = readPolicy();
  const protectedHooks = state === 'broken' ? ['*'] : [...names];
  return { state, problem: problem ?? null, protected_hooks: protectedHooks };
}

function gatesNow(directory: string, db: Database | undefined, nowMs: number): GateReport[] {
  const found = listGates(directory).filter(
    (gate) => gate.kind === 'breaker' || isInForce(gate, nowMs),
  );
  if (found.length === 0) return [];
  const breakers = db === undefined ? [] : createBreakerStore(db).listOpen();
  const rowOf = new Map(
    breakers.flatMap((row) =>
      gateFiles({ hookName: row.hook_name, command: row.command }).map((file) => [file, row]),
    ),
  );
  return found.map((gate) => {
    const row = gate.kind === 'breaker' ? rowOf.get(gate.file) : undefined;
    return {
      hook_name: row?.hook_name ?? gate.hookName,
      command: row?.command ?? gate.command ?? null,
      state: stateOf(gate, nowMs),
      until: new Date(gate.untilMs).toISOString(),
      runs: row?.runs ?? null,
      failures: row?.failures ?? null,
    };
  });
}

function stateOf({ kind, untilMs }: FoundGate, nowMs: number): GateReport['state'] {
  if (kind === 'off') return 'off';
  return stateOfOpened(untilMs, nowMs);
}

/** Older executions do not justify a recommendation. */
const RECENT_MS = DAY_MS;

function recommend(db: Database, config: Config['breaker'], nowMs: number): Recommendation[] {
  const store = createBreakerStore(db);
  const since = new Date(nowMs - RECENT_MS).toISOString();
  const now = new Date(nowMs).toISOString();
  return listHookNames(db)
    .flatMap((hookName) =>
      store.commands(hookName, since, now).map((command) => ({ hookName, command })),
    )
    .filter((hook) => isWholeCommand(hook.command) && !isEnabledFor(config, hook))
    .flatMap((hook) => recommendation(store, hook, { config, since, now }));
}

function recommendation(
  store: BreakerStore,
  hook: HookId,
  { config, since, now }: { config: Config['breaker']; since: string; now: string },
): Recommendation[] {
  const policy = policyOf(config);
  const [, after = since] = [store.find(hook)?.closed_at ?? '', since].sort();
  const { runs, failures, isTooMany } = assess(
    store.latestEnds(hook, after, now, policy.window),
    policy,
  );
  if (!isTooMany || !isHarmless(store, hook)) return [];
  return [{ hook_name: hook.hookName, command: hook.command, runs, failures }];
}
