import type { AlertsConfig, GuardFacts } from '../../app/alerts/rule.ts';
import { DAY_MS, HOUR_MS, isoOf } from '../../domain/time.ts';
import type { Database } from '../../store/database.ts';
import {
  lastReplayId,
  listPassedDrills,
  type PassedDrill,
} from '../../store/queries/guards/refusals.ts';
import {
  findScriptChanges,
  type KnownScripts,
  type ScriptChange,
} from '../../store/queries/guards/script-changes.ts';
import { findSilentGuards, type SilentGuard } from '../../store/queries/guards/silent-guards.ts';

/** How often to look for what takes more than a ms, if something was recorded since. */
const SLOW_MS = 10_000;

/** How often to look even if not, since the retention deletes what these facts are made of. */
const STALE_MS = 60_000;

/** How far back a guard counts that has gone silent. */
const SILENT_DAYS = 7;

/** Reads what executions tell about guards; what costs more than a ms, seldom. */
export function createGuardFacts(now: () => number) {
  const scripts = createScriptWatch();
  const silent = createKept<readonly SilentGuard[]>(SLOW_MS);
  const passed = createKept<readonly PassedDrill[]>(0);
  return (db: Database, lastLogId: number, config: AlertsConfig): GuardFacts => ({
    scriptChanges: scripts(db, lastLogId, isoOf(now() - config.changed_hours * HOUR_MS)),
    silent: silent(`${lastLogId} ${config.silent_calls}`, () =>
      findSilentGuards(db, isoOf(now() - SILENT_DAYS * DAY_MS), config.silent_calls),
    ),
    passedDrills: passed(String(lastReplayId(db)), () => listPassedDrills(db)),
  });
}

/** Keeps a value until its key changes, and at least this long; never longer than `STALE_MS`. */
function createKept<T>(leastMs: number) {
  let kept: { readonly key: string; readonly atMs: number; readonly value: T } | undefined;
  return (key: string, read: () => T): T => {
    const atMs = performance.now();
    const ageMs = atMs - (kept?.atMs ?? Number.NEGATIVE_INFINITY);
    if (kept === undefined || ageMs >= STALE_MS || (kept.key !== key && ageMs >= leastMs)) {
      kept = { key, atMs, value: read() };
    }
    return kept.value;
  };
}

/** How many scripts are remembered; of a command that differs each time, each is one. */
const MAX_KNOWN = 100_000;

/** Follows the scripts of guards, row by row. */
function createScriptWatch() {
  let known: KnownScripts = new Map();
  let changes: readonly ScriptChange[] = [];
  let mark: number | undefined;
  return (db: Database, lastLogId: number, since: string): readonly ScriptChange[] => {
    // At first, and if it is another database now.
    if (mark === undefined || lastLogId < mark) {
      known = new Map();
      changes = [];
      mark = 0;
    }
    if (known.size > MAX_KNOWN) known = new Map();
    if (lastLogId !== mark) changes = [...changes, ...findScriptChanges(db, mark, since, known)];
    mark = lastLogId;
    changes = changes.filter(({ afterAt }) => afterAt >= since);
    return changes;
  };
}
