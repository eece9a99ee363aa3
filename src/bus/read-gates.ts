import {
  type Config,
  type ConfigReading,
  DEFAULT_CONFIG,
  readConfigFile,
} from '../config/config-file.ts';
import type { StatePaths } from '../config/paths.ts';
import { canBlock } from '../domain/events.ts';
import { type BreakerState, judge, RAN, stateOfOpened } from '../gates/breaker.ts';
import { gateName, isInForce } from '../gates/gate-file.ts';
import { type FoundGate, listGates } from '../gates/gate-writer.ts';
import { createBreakerStore, listHookNames } from '../store/breakers.ts';
import type { Database } from '../store/database.ts';
import { policyOf } from './breaker.ts';
import type { Finding } from './doctor/finding.ts';
import { keyServerFindings } from './key-server.ts';

/** A hook that is not run now, or only to see whether it is well again. */
export interface GateReport {
  /** Of a very long name, where no execution is on record: the digest that its file is named by. */
  readonly hook_name: string;
  readonly state: 'off' | Exclude<BreakerState, 'closed'>;
  /** Null: until `hookbus on`. */
  readonly until: string | null;
  /** Of the executions that a breaker was opened for; null of one that is off. */
  readonly runs: number | null;
  readonly failures: number | null;
}

/** A hook whose breaker would be open, were it switched on. */
interface Recommendation {
  readonly hook_name: string;
  readonly can_block: boolean;
  readonly runs: number;
  readonly failures: number;
}

/** What `status` tells of config.json and of gates. */
export interface GateState {
  readonly config: {
    readonly path: string | null;
    readonly state: ConfigReading['state'];
    readonly problem: string | null;
  };
  /** What is wrong with the key server that it names. */
  readonly key_server_problems: readonly Finding[];
  readonly gates: readonly GateReport[];
  readonly breaker: {
    readonly enabled: boolean;
    readonly hooks: readonly string[];
    readonly recommended: readonly Recommendation[];
  };
}

export const NO_GATES: GateState = {
  config: { path: null, state: 'absent', problem: null },
  key_server_problems: [],
  gates: [],
  breaker: { enabled: false, hooks: [], recommended: [] },
};

/** @param db undefined where there is none, or none that can be used */
export function readGates(paths: StatePaths, db: Database | undefined, nowMs: number): GateState {
  const reading = readConfigFile(paths.config);
  const { breaker, dedupe } = reading.state === 'refused' ? DEFAULT_CONFIG : reading.config;
  const isKnown = db !== undefined && reading.state !== 'refused';
  return {
    config: {
      path: paths.config,
      state: reading.state,
      problem: reading.state === 'refused' ? reading.problem : null,
    },
    key_server_problems: keyServerFindings(dedupe),
    gates: gatesNow(paths.gates, db, nowMs),
    breaker: {
      enabled: breaker.enabled,
      hooks: breaker.hooks,
      // What is in force where config.json cannot be used is the daemon's to know.
      recommended: isKnown ? recommend(db, breaker, nowMs) : [],
    },
  };
}

function gatesNow(directory: string, db: Database | undefined, nowMs: number): GateReport[] {
  const found = listGates(directory).filter(
    (gate) => gate.kind === 'breaker' || isInForce(gate, nowMs),
  );
  if (found.length === 0) return [];
  const names = new Map(
    (db === undefined ? [] : listHookNames(db)).map((name) => [gateName(name), name]),
  );
  const store = db && createBreakerStore(db, RAN);
  return found.map((gate) => {
    const hookName = names.get(gate.file) ?? gate.hookName;
    const row = gate.kind === 'breaker' ? store?.find(hookName) : undefined;
    return {
      hook_name: hookName,
      state: stateOf(gate, nowMs),
      until: gate.untilMs === 0 ? null : new Date(gate.untilMs).toISOString(),
      runs: row?.runs ?? null,
      failures: row?.failures ?? null,
    };
  });
}

function stateOf({ kind, untilMs }: FoundGate, nowMs: number): GateReport['state'] {
  if (kind === 'off') return 'off';
  return stateOfOpened(untilMs, nowMs);
}

/** Executions that began longer ago are no reason to do anything now, in ms. */
const RECENT_MS = 24 * 3_600_000;

function recommend(db: Database, config: Config['breaker'], nowMs: number): Recommendation[] {
  const store = createBreakerStore(db, RAN);
  const policy = policyOf(config);
  const now = new Date(nowMs).toISOString();
  const since = new Date(nowMs - RECENT_MS).toISOString();
  return listHookNames(db).flatMap((hookName) => {
    if (config.hooks.includes(hookName)) return [];
    const [, after = since] = [store.find(hookName)?.closed_at ?? '', since].sort();
    const ends = store.latestEnds(hookName, after, now, policy.window);
    const { runs, failures, isTooMany } = judge(ends, policy);
    if (!isTooMany) return [];
    const mayBlock = store.eventTypes(hookName).some(canBlock);
    if (config.enabled && !mayBlock) return [];
    return [{ hook_name: hookName, can_block: mayBlock, runs, failures }];
  });
}
