import {
  lockOfStore,
  planOff,
  readOfStore,
  switchOff,
  switchOn,
} from '../app/breaker/switch-hook.ts';
import { findExecution, findPayloads, parseReference } from '../app/reading/find-execution.ts';
import { createHookPlaces } from '../app/reading/hook/hook-places.ts';
import { readHook } from '../app/reading/hook/read-hook.ts';
import { listedExecutions } from '../app/reading/listed-executions.ts';
import { readOverview } from '../app/reading/read-overview.ts';
import { RANGES, type Range, readSeries } from '../app/reading/read-series.ts';
import type { StoreHandle } from '../app/store/store-handle.ts';
import type { StatePaths } from '../config/home/paths.ts';
import { HookbusError } from '../domain/errors.ts';
import { isoOf } from '../domain/time.ts';
import {
  type Cursor,
  NEWEST,
  searchExecutions,
  sessionExecutions,
} from '../store/queries/dashboard.ts';
import { lastLogId } from '../store/queries/last-log-id.ts';
import { hooksOnRecord, projectsOnRecord, recentAgents } from '../store/queries/recent.ts';
import { findSession, listSessions } from '../store/queries/sessions.ts';
import { showPayload } from './payload.ts';

/** What the daemon shares with the dashboard. */
export interface DashboardParts {
  readonly paths: StatePaths;
  readonly store: StoreHandle;
  readonly now: () => number;
}

/** Answers a request of the page with JSON. @throws HookbusError if the request is invalid */
export type Answer = (query: URLSearchParams, parts: DashboardParts) => unknown;

const MAX_ROWS = 200;
const MAX_SESSIONS = 50;
const MAX_OF_SESSION = 500;

export const ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  [
    '/api/overview',
    (query, { paths, store, now }) => {
      const range = rangeOf(query);
      return store.use(({ db }) => readOverview(paths, db, range, now()));
    },
  ],
  [
    '/api/series',
    (query, { store, now }) => {
      const range = rangeOf(query);
      const [hookName, eventType] = [query.get('hook'), query.get('event')];
      return store.use(({ db }) =>
        readSeries(db, range, hookName ?? undefined, now(), eventType ?? undefined),
      );
    },
  ],
  ['/api/choices', readChoices],
  ['/api/off-plan', showOffPlan],
  ['/api/executions', listExecutions],
  ['/api/execution', showExecution],
  [
    '/api/sessions',
    (query, { store, now }) => {
      const from = fromOf(query, now());
      return { sessions: store.use(({ db }) => listSessions(db, { from, limit: MAX_SESSIONS })) };
    },
  ],
  ['/api/session', showSession],
  ['/api/hook', showHook],
]);

const placesOf = createHookPlaces();

function showHook(query: URLSearchParams, { paths, store, now }: DashboardParts): unknown {
  const hookName = query.get('name') ?? '';
  if (hookName === '') throw badRequest('name', 'the name of a hook', hookName);
  const wanted = { hookName, eventType: query.get('event') ?? undefined, range: rangeOf(query) };
  return store.use(({ db }) => {
    const report = readHook(paths, db, wanted, placesOf, now());
    if (report.last === null && report.places.length === 0 && report.gates.length === 0)
      throw new HookbusError('E_NOT_FOUND', 'no execution of this hook is recorded');
    return report;
  });
}

/** What every view needs first: the last execution, from which the page is live, and what filters can be set to. */
function readChoices(_: URLSearchParams, { store }: DashboardParts): unknown {
  return store.use(({ db }) => {
    const recorded = hooksOnRecord(db);
    const events = recorded.flatMap(({ event_type }) => event_type ?? []);
    return {
      last_id: lastLogId(db),
      hooks: [...new Set(recorded.map(({ hook_name }) => hook_name))],
      events: [...new Set(events)].sort(),
      projects: projectsOnRecord(db),
      agents: recentAgents(db),
    };
  });
}

function listExecutions(query: URLSearchParams, { store, now }: DashboardParts): unknown {
  const search = {
    hookName: query.get('hook') ?? undefined,
    eventType: query.get('event') ?? undefined,
    status: query.get('status') ?? undefined,
    decision: query.get('decision') ?? undefined,
    agent: query.get('agent') ?? undefined,
    project: query.get('project') ?? undefined,
    session: query.get('session') ?? undefined,
    from: fromOf(query, now()),
    before: cursorOf(query),
    limit: limitOf(query),
  };
  return store.use(({ db }) => {
    const { rows, next } = searchExecutions(db, search);
    return {
      rows: listedExecutions(db, rows),
      next: next === undefined ? null : cursorText(next),
    };
  });
}

function showExecution(query: URLSearchParams, { store }: DashboardParts): unknown {
  const reference = parseReference(query.get('id') ?? '');
  if (reference === undefined) throw badRequest('id', 'the id of an execution', query.get('id'));
  return store.use(({ db }) => {
    const row = findExecution(db, reference);
    return { ...row, payloads: findPayloads(db, row.id).map(showPayload) };
  });
}

function showSession(query: URLSearchParams, { store }: DashboardParts): unknown {
  const id = query.get('id') ?? '';
  return store.use(({ db }) => {
    const session = findSession(db, id);
    const found = sessionExecutions(db, id, cursorOf(query), MAX_OF_SESSION);
    const [first] = found;
    if (session === undefined || first === undefined)
      throw new HookbusError('E_NOT_FOUND', 'there is no execution of that session');
    const hasOlder = found.length === MAX_OF_SESSION;
    const older = { createdAt: first.created_at, id: first.id };
    const next = hasOlder ? cursorText(older) : null;
    return { ...session, rows: listedExecutions(db, found), next };
  });
}

/** How many refusals the page shows before a hook is switched off. */
const MAX_REFUSED = 3;

/** What it means to switch off every hook with this name, and what they refused last. */
function showOffPlan(query: URLSearchParams, { store, now }: DashboardParts): unknown {
  const hook = hookOf({ hook: query.get('hook') });
  const { hooks, meaning } = planOff({ hookName: hook, isAll: true }, now(), readOfStore(store));
  const refused = store.use(({ db }) => {
    const from = isoOf(now() - RANGES['7d'].seconds * 1000);
    const search = { hookName: hook, decision: 'deny', from, before: NEWEST, limit: MAX_REFUSED };
    return listedExecutions(db, searchExecutions(db, search).rows);
  });
  return {
    hook_name: hook,
    text: meaning.text,
    is_guard: meaning.isGuard,
    commands: hooks.map(({ command }) => command),
    refused,
  };
}

/** Performs a change that the page requests in its body. */
export type Change = (body: Readonly<Record<string, unknown>>, parts: DashboardParts) => unknown;

/** The durations that the page offers: an hour, a day, a week. */
const OFF_SECONDS: readonly unknown[] = [3600, 86_400, 604_800];

export const CHANGES: ReadonlyMap<string, Change> = new Map<string, Change>([
  ['/api/off', switchHookOff],
  [
    '/api/on',
    (body, { paths, store, now }) => {
      const hook = hookOf(body);
      switchOn(paths, { hookName: hook, isAll: true }, now, lockOfStore(store));
      return { hook_name: hook, state: 'on' };
    },
  ],
]);

/** Switches off every hook with this name, since the page shows names only. The user must confirm a guard. */
function switchHookOff(
  body: Readonly<Record<string, unknown>>,
  { paths, store, now }: DashboardParts,
): unknown {
  const hook = hookOf(body);
  const seconds = body['for_seconds'];
  if (!OFF_SECONDS.includes(seconds))
    throw badRequest('for_seconds', OFF_SECONDS.join(', '), seconds);
  const look = readOfStore(store);
  const { hooks, meaning } = planOff({ hookName: hook, isAll: true }, now(), look);
  if (body['confirmed'] !== true && (meaning.isGuard || hooks.length > 1)) {
    const several = hooks.length > 1 ? [`${hooks.length} hooks have this name:`] : [];
    const commands = hooks.length > 1 ? hooks.map(({ command }) => `  ${command}`) : [];
    throw new HookbusError('E_CONFIRM', [meaning.text, ...several, ...commands].join('\n'));
  }
  const untilMs = Math.ceil(now() + Number(seconds) * 1000);
  switchOff(paths, hooks, untilMs, lockOfStore(store));
  return { hook_name: hook, state: 'off', until: new Date(untilMs).toISOString() };
}

function hookOf(body: Readonly<Record<string, unknown>>): string {
  const { hook } = body;
  if (typeof hook !== 'string' || hook === '') throw badRequest('hook', 'the name of a hook', hook);
  return hook;
}

function rangeOf(query: URLSearchParams): Range {
  const range = query.get('range') ?? '24h';
  if (!Object.hasOwn(RANGES, range))
    throw badRequest('range', Object.keys(RANGES).join(', '), range);
  return range as Range;
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit') ?? String(MAX_ROWS);
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_ROWS) throw badRequest('limit', `1 to ${MAX_ROWS}`, text);
  return limit;
}

function fromOf(query: URLSearchParams, nowMs: number): string {
  return isoOf(nowMs - RANGES[rangeOf(query)].seconds * 1000);
}

const cursorText = ({ createdAt, id }: Cursor): string => `${createdAt} ${id}`;

function cursorOf(query: URLSearchParams): Cursor {
  const text = query.get('before');
  if (text === null) return NEWEST;
  const [, createdAt, id] = /^([\d:.TZ-]{1,30}) (\d{1,15})$/.exec(text) ?? [];
  if (createdAt === undefined) throw badRequest('before', 'the value of `next`', text);
  return { createdAt, id: Number(id) };
}

function badRequest(name: string, wanted: string, got: unknown): HookbusError {
  return new HookbusError('E_USAGE', `${name} must be ${wanted}, got ${JSON.stringify(got)}`);
}
