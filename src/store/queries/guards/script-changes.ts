import { canBlockFor } from '../../../domain/events.ts';
import type { Database } from '../../database.ts';
import { type DayQuestion, eachDay } from '../../days/by-day.ts';
import { HAS_RUN } from '../../statuses.ts';
import { type Span, untilOf } from '../overview.ts';

/** The script of a guard became another one between two of its executions. */
export interface ScriptChange {
  readonly hookName: string;
  readonly command: string;
  readonly project: string | null;
  readonly before: string;
  /** When the former script last ran, and the new one first. UTC, in the format of `created_at`. */
  readonly beforeAt: string;
  readonly after: string;
  readonly afterAt: string;
}

interface ScriptId {
  readonly hookName: string;
  readonly command: string;
  readonly project: string | null;
  readonly digest: string;
  readonly at: string;
}

interface ScriptRun extends ScriptId {
  readonly id: number;
  readonly eventType: string;
  readonly agent: string | null;
}

/** The latest script of each hook, command and project. */
export type KnownScripts = Map<string, Pick<ScriptId, 'digest' | 'at'>>;

/** How many rows one search looks at, and how many of a hook's to find its former scripts. */
const MAX_ROWS = 50_000;
const MAX_LOOKED_AT = 2000;

/**
 * The changes in the rows after `afterId`, oldest first. The same command in another project may name another file, so
 * only runs of one project are compared.
 * @param known what is known already; takes over what these rows say
 */
export function findScriptChanges(
  db: Database,
  afterId: number,
  since: string,
  known: KnownScripts,
): ScriptChange[] {
  const runs = db
    .prepare<[number, number, string], ScriptRun>(
      `SELECT id, hook_name AS hookName, event_type AS eventType, agent, command, project, script_digest AS digest,
         created_at AS at
       FROM (SELECT * FROM hook_logs WHERE id > ? ORDER BY id DESC LIMIT ?)
       WHERE created_at >= ? AND script_digest IS NOT NULL ORDER BY id DESC`,
    )
    .all(afterId, MAX_ROWS, since)
    .reverse();
  const former = createFormer(db);
  const hasRefused = db
    .prepare("SELECT 1 FROM hook_logs WHERE hook_name = ? AND decision = 'deny' LIMIT 1")
    .pluck();
  return runs.flatMap((run) => {
    const { hookName, eventType, agent, command, project, digest, at } = run;
    const key = keyOf(run);
    const before = known.get(key) ?? former(run).get(key);
    known.set(key, { digest, at });
    if (before === undefined || before.digest === digest) return [];
    if (!canBlockFor(agent, eventType) && hasRefused.get(hookName) === undefined) return [];
    const names = { hookName, command, project };
    return [{ ...names, before: before.digest, beforeAt: before.at, after: digest, afterAt: at }];
  });
}

const keyOf = ({ hookName, command, project }: Omit<ScriptId, 'digest' | 'at'>): string =>
  JSON.stringify([hookName, command, project]);

/** Reads the scripts of a hook's former runs once, since each run may have another command. */
function createFormer(db: Database) {
  const ofHooks = new Map<string, KnownScripts>();
  const read = db.prepare<[string, string, number], ScriptId>(
    `SELECT hook_name AS hookName, command, project, script_digest AS digest, created_at AS at FROM (
       SELECT * FROM hook_logs WHERE hook_name = ? AND created_at <= ?
       ORDER BY created_at DESC LIMIT ${MAX_LOOKED_AT})
     WHERE id < ? AND script_digest IS NOT NULL ORDER BY created_at`,
  );
  return ({ hookName, at, id }: ScriptRun): KnownScripts => {
    const scripts =
      ofHooks.get(hookName) ?? new Map(read.all(hookName, at, id).map((run) => [keyOf(run), run]));
    ofHooks.set(hookName, scripts);
    return scripts;
  };
}

/** What a hook did before its script last changed, and since. */
export interface ScriptHistory extends ScriptChange {
  /** Null for executions from before its column. */
  readonly agent: string | null;
  readonly runsBefore: number;
  readonly refusalsBefore: number;
  readonly runsSince: number;
  readonly refusalsSince: number;
}

/**
 * The last change of the script of each hook, command and project, as far as executions are kept: for `hookbus hooks` and
 * doctor. Hooks whose script did not change, or that refused nothing, have none.
 */
export function readScriptHistory(db: Database): ScriptHistory[] {
  const refusing = new Set(
    db.prepare("SELECT DISTINCT hook_name FROM hook_logs WHERE decision = 'deny'").pluck().all(),
  );
  const scripts = new Map<string, ScriptState>();
  for (const day of eachDay(db, { from: '', until: undefined }, SCRIPTS)) {
    for (const { hookName, command, project, stints } of day) {
      if (!refusing.has(hookName)) continue;
      const key = keyOf({ hookName, command, project });
      const [first] = stints;
      if (first === undefined) continue;
      const state = scripts.get(key) ?? { ...NO_RUN, digest: first.digest };
      scripts.set(key, state);
      for (const stint of stints) count(state, { hookName, command, project }, stint);
    }
  }
  return [...scripts.values()]
    .flatMap(({ history }) => history ?? [])
    .sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

type ScriptName = Omit<ScriptId, 'digest' | 'at'>;

/** The runs of one script of a hook, until another followed. */
interface Stint {
  readonly digest: string;
  readonly firstAt: string;
  lastAt: string;
  runs: number;
  refusals: number;
  /** Of the latest run. */
  agent: string | null;
}

interface Scripts extends ScriptName {
  readonly stints: Stint[];
}

const SCRIPTS: DayQuestion<readonly Scripts[]> = { kind: 'scripts 1', read: readScripts };

/** A hook with more commands a day has a new one for each run, and none of them changes its script. */
const MAX_COMMANDS = 100;

function readScripts(db: Database, span: Span): Scripts[] {
  const runs = db
    .prepare<[string, string], ScriptId & Counted>(
      `SELECT hook_name AS hookName, command, project, agent, script_digest AS digest, created_at AS at,
         decision IS 'deny' AS refused
       FROM hook_logs
       WHERE created_at >= ? AND created_at < ? AND script_digest IS NOT NULL AND ${HAS_RUN} ORDER BY id`,
    )
    .iterate(span.from, untilOf(span));
  const ofHooks = new Map<string, Map<string, Scripts>>();
  for (const { hookName, command, project, agent, digest, at, refused } of runs) {
    const ofHook = ofHooks.get(hookName) ?? new Map<string, Scripts>();
    ofHooks.set(hookName, ofHook);
    const key = `${command}\0${project}`;
    const scripts = ofHook.get(key) ?? { hookName, command, project, stints: [] };
    if (ofHook.size <= MAX_COMMANDS) ofHook.set(key, scripts);
    let stint = scripts.stints.at(-1);
    if (stint?.digest !== digest) {
      stint = { digest, firstAt: at, lastAt: at, runs: 0, refusals: 0, agent };
      scripts.stints.push(stint);
    }
    stint.lastAt = at;
    stint.runs += 1;
    stint.refusals += refused;
    stint.agent = agent;
  }
  return [...ofHooks.values()]
    .filter((ofHook) => ofHook.size <= MAX_COMMANDS)
    .flatMap((ofHook) => [...ofHook.values()]);
}

interface Counted {
  readonly agent: string | null;
  readonly refused: 0 | 1;
}

/** What is known of a script while its runs are counted. */
interface ScriptState {
  digest: string;
  at: string;
  runs: number;
  refusals: number;
  /** Undefined before the first change. */
  history: { -readonly [K in keyof ScriptHistory]: ScriptHistory[K] } | undefined;
}

const NO_RUN: ScriptState = { digest: '', at: '', runs: 0, refusals: 0, history: undefined };

function count(state: ScriptState, name: ScriptName, stint: Stint): void {
  const { digest, firstAt, lastAt, agent, runs, refusals } = stint;
  if (state.digest !== digest) {
    const change = { before: state.digest, beforeAt: state.at, after: digest, afterAt: firstAt };
    const before = { runsBefore: state.runs, refusalsBefore: state.refusals };
    state.history = { ...name, agent, ...change, ...before, runsSince: 0, refusalsSince: 0 };
  }
  if (state.history !== undefined) {
    state.history.agent = agent;
    state.history.runsSince += runs;
    state.history.refusalsSince += refusals;
  }
  state.digest = digest;
  state.at = lastAt;
  state.runs += runs;
  state.refusals += refusals;
}
