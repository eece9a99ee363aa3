import { statSync } from 'node:fs';
import { isCheap } from '../../agents/matching/bounded-pattern.ts';
import { testMatcher } from '../../agents/matching/matcher.ts';
import type { Places } from '../../agents/settings/agent-settings.ts';
import { formatCount, formatThings } from '../../format.ts';
import type { Database } from '../../store/database.ts';
import {
  type ActivityScope,
  type HookActivity,
  type Occasions,
  readHookActivity,
  readOccasions,
} from '../../store/queries/guards/hook-activity.ts';
import {
  readScriptHistory,
  type ScriptHistory,
} from '../../store/queries/guards/script-changes.ts';
import { listNotices } from '../../store/queries/overview.ts';
import { isAboutAnswer } from '../health/ignored-answers.ts';
import type { AgentHooks } from './known-hooks.ts';
import type { KnownHook } from './merge-listing.ts';
import { missingScript } from './missing-script.ts';

/** Why a hook needs a look, the worst first. */
const CONCERNS = [
  'voided',
  'policy',
  'untrusted',
  'missing',
  'never_ran',
  'fails',
  'misread',
  'changed',
  'disabled',
  'not_recorded',
] as const;
export type Concern = (typeof CONCERNS)[number];

/** What other hooks saw while this one did not run. */
export interface Silence {
  readonly sessions: number;
  readonly calls: number;
  /** Undefined on events without a tool. */
  readonly tools: readonly string[];
  /** The matcher, if it has the names of these tools in other letters: agents tell `bash` from `Bash`. */
  readonly misspelled?: string | undefined;
}

/** A hook, and how it does. */
export interface CensusEntry extends KnownHook {
  readonly title: string;
  /** Undefined if nothing was ever recorded. */
  readonly activity: HookActivity | undefined;
  readonly concern: Concern | undefined;
  /** The concern in one line. */
  readonly reason: string | undefined;
  readonly silence: Silence | undefined;
  /** The last change of its script, if it refused anything before or since. */
  readonly change: ScriptHistory | undefined;
}

interface CensusQuery {
  readonly known: AgentHooks;
  readonly places: Places;
  readonly db: Database | undefined;
  readonly since: string;
}

/** With fewer failures in a row, it may be the first try of a new hook. */
const MIN_FAILURES = 3;

/** With fewer calls, chance may explain that a hook did not run. */
const MIN_CALLS = 5;

/**
 * Takes stock of agents' hooks, those that need a look first.
 * @param since runs count from here on
 */
export function takeCensus(
  agents: readonly AgentHooks[],
  places: Places,
  since: string,
  db?: Database,
): CensusEntry[] {
  const rank = ({ concern }: CensusEntry): number =>
    concern === undefined ? CONCERNS.length : CONCERNS.indexOf(concern);
  const changes = (db === undefined ? [] : readScriptHistory(db)).filter(
    ({ refusalsBefore, refusalsSince }) => refusalsBefore + refusalsSince > 0,
  );
  return agents
    .flatMap((known) => entriesOf({ known, places, db, since }, changes))
    .sort((a, b) => rank(a) - rank(b));
}

function entriesOf(query: CensusQuery, changes: readonly ScriptHistory[]): CensusEntry[] {
  const { known, places } = query;
  const activities = readActivities(query);
  const occasions = createOccasions(query);
  return known.hooks.map((hook): CensusEntry => {
    const activity = hook.hookName === '' ? undefined : activities(hook);
    const silence = activity === undefined ? silenceOf(hook, query, occasions) : undefined;
    const change = changeOf(hook, changes, scopeOf(hook, places));
    const ignored = ignoredOf(hook, query);
    const [concern, reason] = concernOf({ ...hook, activity, silence, change, ignored }, places);
    return { ...hook, title: known.agent.title, activity, silence, change, concern, reason };
  });
}

/** Only in its project may other hooks with a project hook's name be distinguished from it. */
function scopeOf({ source, agent }: KnownHook, { projectRoot }: Places): ActivityScope {
  const isProjects = source === 'project' || source === 'local';
  return { agent, project: isProjects ? projectRoot : undefined };
}

/** The latest, if the same hook stands in several projects. */
function changeOf(
  { hookName, isRecorded }: KnownHook,
  changes: readonly ScriptHistory[],
  { agent, project }: ActivityScope,
): ScriptHistory | undefined {
  return changes
    .filter(
      (change) =>
        isRecorded &&
        change.hookName === hookName &&
        (change.agent ?? agent) === agent &&
        (project === undefined || change.project === project),
    )
    .sort((a, b) => (a.afterAt < b.afterAt ? 1 : -1))[0];
}

function readActivities({ known, places, db, since }: CensusQuery) {
  const names = [...new Set(known.hooks.map(({ hookName }) => hookName).filter(Boolean))];
  const read = (project: string | undefined) =>
    new Map(
      (db === undefined || names.length === 0
        ? []
        : readHookActivity(db, names, since, { agent: known.agent.agent, project })
      ).map((activity) => [JSON.stringify([activity.hookName, activity.eventType]), activity]),
    );
  const [everywhere, here] = [read(undefined), read(places.projectRoot)];
  return (hook: KnownHook): HookActivity | undefined => {
    const found = scopeOf(hook, places).project === undefined ? everywhere : here;
    return [hook.event, hook.otherEvent]
      .map((event) => found.get(JSON.stringify([hook.hookName, event])))
      .find((activity) => activity !== undefined);
  };
}

/** Events that show that a tool was called, by the event that comes with each call. */
const SHOWN_BY: Readonly<Record<string, readonly string[]>> = {
  PreToolUse: ['PreToolUse', 'PostToolUse', 'PostToolUseFailure'],
  BeforeTool: ['BeforeTool', 'AfterTool'],
  preToolUse: ['preToolUse', 'postToolUse'],
  tool_call: ['tool_call', 'tool_result'],
};

/** Undefined if nothing shows that a hook should have run. */
function silenceOf(
  hook: KnownHook,
  { places, db, since }: CensusQuery,
  occasions: ReturnType<typeof createOccasions>,
): Silence | undefined {
  const { agent, event, matcher, source, condition, path } = hook;
  const mayWait = condition !== undefined || source === 'skill' || source === 'agent';
  if (db === undefined || !hook.isRecorded || hook.off !== undefined || mayWait) return undefined;
  const changed = changedAt(path);
  const from = changed === undefined || changed < since ? since : changed;
  const events = SHOWN_BY[event] ?? [event];
  if (!isCheap(matcher)) return undefined;
  const all = occasions(events, from, scopeOf(hook, places));
  const matched = (written: string | undefined, name = (tool: string): string => tool) =>
    all.filter(({ toolName, eventType }) => {
      if (toolName === null && eventType !== event) return false;
      const tool = toolName === null ? undefined : name(toolName);
      const payload = tool === undefined ? {} : { tool_name: tool, toolName: tool };
      return testMatcher(agent, event, written, payload).fires === 'yes';
    });
  const exact = matched(matcher);
  const isMisspelled = exact.length === 0 && matcher !== undefined && /^[\w\s|,-]+$/.test(matcher);
  const seen = isMisspelled ? matched(matcher.toLowerCase(), (tool) => tool.toLowerCase()) : exact;
  const most = new Map<string, number>();
  for (const { sessionId, toolName, count } of seen) {
    const key = JSON.stringify([sessionId, toolName]);
    most.set(key, Math.max(most.get(key) ?? 0, count));
  }
  const calls = [...most.values()].reduce((sum, count) => sum + count, 0);
  if (calls < MIN_CALLS) return undefined;
  return {
    sessions: new Set(seen.map(({ sessionId }) => sessionId)).size,
    calls,
    tools: [...new Set(seen.flatMap(({ toolName }) => toolName ?? []))].sort(),
    misspelled: isMisspelled ? matcher : undefined,
  };
}

/** Most hooks of a file ask for the same. */
function createOccasions({ db }: CensusQuery) {
  const known = new Map<string, Occasions[]>();
  return (events: readonly string[], from: string, scope: ActivityScope): Occasions[] => {
    const key = JSON.stringify([events, from, scope]);
    const found = known.get(key) ?? (db && readOccasions(db, events, from, scope)) ?? [];
    known.set(key, found);
    return found;
  };
}

interface Ignored {
  readonly ignored: string | undefined;
}

/** What the agent ignored of its answers since then, by the latest notice. */
function ignoredOf({ hookName, event, isRecorded }: KnownHook, { db, since }: CensusQuery) {
  if (db === undefined || !isRecorded || hookName === '') return undefined;
  const prefix = `${hookName}: ${event}: `;
  const found = listNotices(db).find(
    (notice) =>
      isAboutAnswer(notice) && notice.text.startsWith(prefix) && notice.last_seen >= since,
  );
  if (found === undefined) return undefined;
  return `${found.text.slice(prefix.length)} (${formatThings(found.count, 'time')})`;
}

function changedAt(path: string | undefined): string | undefined {
  const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return stat?.mtime.toISOString();
}

function concernOf(
  hook: KnownHook & Pick<CensusEntry, 'activity' | 'silence' | 'change'> & Ignored,
  places: Places,
): readonly [Concern, string] | readonly [undefined, undefined] {
  const { off, activity, silence, change } = hook;
  if (off !== undefined) return [off.why, off.reason];
  const script = missingScript(hook, places);
  if (script !== undefined) return ['missing', `${script} does not exist`];
  if (silence !== undefined) {
    const { misspelled } = silence;
    const why = misspelled === undefined ? '' : `, its matcher says "${misspelled}"`;
    return ['never_ran', `never ran${why}: ${silenceWords(silence)}`];
  }
  const { runs = 0, failures = 0 } = activity ?? {};
  if (runs >= MIN_FAILURES && failures === runs) {
    return ['fails', `failed in all of its ${formatCount(runs)} runs`];
  }
  if (hook.ignored !== undefined) return ['misread', hook.ignored];
  if (change !== undefined && change.refusalsSince === 0) return ['changed', changeWords(change)];
  if (hook.isRecorded || hook.kind === 'other') return [undefined, undefined];
  return ['not_recorded', 'HookBus does not record it'];
}

/** `its script changed: 7 refusals before, 0 in 24 runs since`. */
export function changeWords({ refusalsBefore, refusalsSince, runsSince }: ScriptHistory): string {
  const before = formatThings(refusalsBefore, 'refusal');
  return `its script changed: ${before} before, ${formatCount(refusalsSince)} in ${formatThings(runsSince, 'run')} since`;
}

/** `0 runs in 41 sessions, 212 Bash calls`. */
export function silenceWords({ sessions, calls, tools }: Silence): string {
  const [first = '', second] = tools;
  const kind = tools.length > 2 ? 'tool' : second === undefined ? first : `${first} and ${second}`;
  const what = first === '' ? formatThings(calls, 'occasion') : formatThings(calls, `${kind} call`);
  return `0 runs in ${formatThings(sessions, 'session')}, ${what}`;
}
