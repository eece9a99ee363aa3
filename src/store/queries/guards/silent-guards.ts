import { canBlockFor } from '../../../domain/events.ts';
import type { Database } from '../../database.ts';

/** A guard that no longer runs for the tools for which it ran, while other hooks do. */
export interface SilentGuard {
  readonly hookName: string;
  readonly eventType: string;
  readonly project: string | null;
  /** How many calls of its tools other hooks have seen since it last ran. */
  readonly calls: number;
  /** When it last ran; UTC, in the format of `created_at`. */
  readonly lastAt: string;
}

/** How many executions to look at, so that this takes a few ms however many there are. */
const MAX_ROWS = 5000;

/** Fewer runs tell nothing about how regular they are. */
const MIN_RUNS = 20;

/** A guard that ran for a smaller share of the calls of its tools has conditions of its own. */
const MIN_SHARE = 0.5;

interface Row {
  readonly hookName: string;
  readonly eventType: string;
  readonly toolName: string;
  readonly toolUseId: string;
  readonly project: string | null;
  readonly agent: string | null;
  readonly at: string;
}

/** One tool use, at the place in the order in which calls were first recorded. */
interface Call {
  readonly toolName: string;
  readonly order: number;
}

/**
 * By the latest executions: guards that ran for most calls of their tools, and then for none of at least `leastCalls`
 * (more if they ran for fewer than all) in the same project and of the same agent.
 */
export function findSilentGuards(db: Database, since: string, leastCalls: number): SilentGuard[] {
  const rows = db
    .prepare<[number, string], Row>(
      `SELECT hook_name AS hookName, event_type AS eventType, tool_name AS toolName, tool_use_id AS toolUseId,
         project, agent, created_at AS at
       FROM (SELECT * FROM hook_logs ORDER BY id DESC LIMIT ?)
       WHERE tool_use_id IS NOT NULL AND tool_name IS NOT NULL AND created_at >= ? ORDER BY id DESC`,
    )
    .all(MAX_ROWS, since)
    .reverse();
  const places = grouped(rows, placeOf);
  return [...places.values()].flatMap((there) => silentIn(there, leastCalls));
}

const placeOf = ({ project, agent }: Row): string => JSON.stringify([project, agent]);

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function silentIn(rows: readonly Row[], leastCalls: number): SilentGuard[] {
  const calls = new Map<string, Call>();
  for (const { toolUseId, toolName } of rows) {
    if (!calls.has(toolUseId)) calls.set(toolUseId, { toolName, order: calls.size });
  }
  const guards = grouped(
    rows.filter(({ agent, eventType }) => canBlockFor(agent, eventType)),
    ({ hookName, eventType }) => JSON.stringify([hookName, eventType]),
  );
  return [...guards.values()].flatMap((runs) =>
    silentOf(runs, [...calls.values()], calls, leastCalls),
  );
}

function silentOf(
  runs: readonly Row[],
  calls: readonly Call[],
  byId: ReadonlyMap<string, Call>,
  leastCalls: number,
): SilentGuard[] {
  const last = runs.at(-1);
  const orders = new Set(runs.map(({ toolUseId }) => byId.get(toolUseId)?.order ?? 0));
  if (last === undefined || orders.size < MIN_RUNS) return [];
  const tools = new Set(runs.map(({ toolName }) => toolName));
  const [first, latest] = [Math.min(...orders), Math.max(...orders)];
  const ofTools = calls.filter(({ toolName }) => tools.has(toolName));
  const during = ofTools.filter(({ order }) => order >= first && order <= latest).length;
  const after = ofTools.filter(({ order }) => order > latest).length;
  const share = orders.size / during;
  if (share < MIN_SHARE || after < leastCalls / share) return [];
  const { hookName, eventType, project, at: lastAt } = last;
  return [{ hookName, eventType, project, calls: after, lastAt }];
}
