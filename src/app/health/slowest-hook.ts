import { waitsForHooks } from '../../domain/events.ts';
import { HOUR_MS } from '../../domain/time.ts';
import { formatMs, formatThings, withoutZeros } from '../../format.ts';
import { createBlocking } from '../../metrics/blocking.ts';
import type { Database } from '../../store/database.ts';
import { eachCostRow } from '../../store/queries/costs.ts';
import { startOfNewest } from '../../store/queries/dashboard.ts';
import { type Trouble, trouble } from './health-item.ts';
import type { NameOf } from './hook-troubles.ts';

/** Nobody notices less in a day. */
const MIN_MS = 5000;

/** How many executions to read, so that this takes some 20 ms however many there are. */
const MAX_ROWS = 3000;

interface Waiting {
  readonly hookName: string;
  readonly eventType: string;
  readonly ms: number;
}

/**
 * The hook without which agents would have waited least since then, as `hookbus report` counts it; of very many executions
 * only the latest count. None if it costs next to nothing.
 */
export function slowestHook(db: Database, since: string, nowMs: number, nameOf: NameOf): Trouble[] {
  const from = startOfNewest(db, since, MAX_ROWS);
  const span = { from, until: undefined };
  const hours = (nowMs - Date.parse(from)) / HOUR_MS;
  const blocking = createBlocking(0);
  const hooks = new Map<string, Waiting>();
  eachCostRow(db, span, (row) => {
    const { hookName, eventType, toolUseId, durationMs, overheadMs } = row;
    if (!waitsForHooks(eventType)) return;
    const key = JSON.stringify([hookName, eventType]);
    const tookMs = (durationMs ?? 0) + (overheadMs ?? 0);
    // Without a tool use, nobody knows which hooks ran at the same time.
    const ms = (hooks.get(key)?.ms ?? 0) + (toolUseId === null ? tookMs : 0);
    hooks.set(key, { hookName, eventType, ms });
    blocking.add({ ...row, startMs: Date.parse(row.createdAt), tookMs });
  });
  const costs = blocking.end();
  const waits = [...hooks.values()].map((one): Waiting => {
    const { gainMs } = costs.criticalOf(one.hookName, one.eventType);
    return { ...one, ms: one.ms + gainMs };
  });
  const [worst] = waits.sort((a, b) => b.ms - a.ms);
  if (worst === undefined || worst.ms < MIN_MS) return [];
  const { hookName: hook_name, eventType: event_type, ms } = worst;
  const text = `${nameOf(worst)} adds ${withoutZeros(formatMs(ms))} of waiting in the last ${spanText(hours)}`;
  return [trouble('slow', text, { hook_name, event_type, fix: 'hookbus report' }, 1)];
}

function spanText(hours: number): string {
  if (hours >= 1) return `${Math.round(hours)} h`;
  const minutes = Math.round(hours * 60);
  return minutes <= 1 ? 'minute' : formatThings(minutes, 'minute');
}
