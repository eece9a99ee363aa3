import { agentOf } from '../../agents/recognize.ts';
import type { RunOptions } from '../../config/run-options.ts';
import { effectiveSettings } from '../../config/run-options.ts';
import type { Settings } from '../../config/settings.ts';
import { deriveCorrelationId, parseTraceParent } from '../../domain/correlation.ts';
import { canBlock, canBlockFor } from '../../domain/events.ts';
import { defaultHookName } from '../../domain/hook/hook-name.ts';
import { traceIdOf, uuidV7 } from '../../domain/identifiers.ts';
import type { Begin } from '../../domain/record.ts';
import { modeWarning } from '../../gates/dedupe.ts';
import { type KnownIds, type PayloadFacts, readFacts } from './facts/payload-facts.ts';
import { unforgiving } from './warning-sentences.ts';

/** The ids of a new execution. */
export function newExecutionIds(nowMs: number, random: (bytes: number) => Uint8Array) {
  return {
    executionId: uuidV7(nowMs, random(10)),
    spanId: traceIdOf(random(8)),
    createdAtMs: nowMs,
  };
}

export interface BeginParts {
  readonly ids: ReturnType<typeof newExecutionIds>;
  readonly options: RunOptions;
  readonly settings: Settings;
  readonly payload: Uint8Array;
  /** Used if the payload does not contain the ids. */
  readonly known?: KnownIds;
  readonly inheritedTraceParent: string | undefined;
  /** The agent's variables. */
  readonly variables: readonly string[];
  readonly random: (bytes: number) => Uint8Array;
  readonly process: Pick<Begin, 'pid' | 'pidStart' | 'engine' | 'engineVersion'> & {
    readonly cwd?: string;
  };
}

/** An execution before its hook starts. */
export interface Described {
  readonly begin: Begin;
  /** The trace flags that the hook receives. */
  readonly traceFlags: string;
  /** Whether `--fail-open` is set and counts on this event. */
  readonly isForgiving: boolean;
}

const agentFacts = ({ subagent, signs }: PayloadFacts): Pick<Begin, 'subagent' | 'signs'> => ({
  ...(subagent === undefined ? {} : { subagent }),
  ...(signs.length === 0 ? {} : { signs }),
});

/** Adds facts from a part of the payload that arrived after the begin was written. */
export function withLateFacts(begin: Begin, payload: Uint8Array): Begin {
  const facts = readFacts(payload, {});
  const { eventType = begin.eventType, toolName, sessionId, toolUseId } = facts;
  return {
    ...begin,
    ...agentFacts(facts),
    eventType,
    ...(toolName === undefined ? {} : { toolName }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(toolUseId === undefined ? {} : { toolUseId }),
  };
}

/** Whether the part of the payload that has arrived names an event on which a hook can block. */
export function namesBlockingEvent(payload: Uint8Array): boolean {
  const facts = readFacts(payload, {});
  return facts.eventType !== undefined && mayBlock(facts, facts.eventType);
}

/** The payload alone tells Cline, where a hook can refuse after a tool, too. */
const mayBlock = ({ signs }: PayloadFacts, eventType: string): boolean =>
  canBlockFor(agentOf({ eventType, signs }), eventType);

/**
 * The warning about `--fail-open`: if a hook can block on the event, or the event is unknown, a failure may be a
 * refusal. Undefined if the option counts. The C port is in fail_open.c.
 */
function failOpenWarning(
  named: string | undefined,
  eventType: string,
  facts: PayloadFacts,
): string | undefined {
  const event = named !== undefined && named !== '' && canBlock(named) ? named : eventType;
  if (!mayBlock(facts, event)) return undefined;
  return unforgiving(event);
}

/** Collects what is known about an execution before its hook starts. */
export function describeExecution(parts: BeginParts): Described {
  const { ids, options, settings } = parts;
  const facts = readFacts(parts.payload, parts.known ?? {});
  const parent = parseTraceParent(parts.inheritedTraceParent);
  const eventType = facts.eventType ?? options.event ?? '';
  const toolName = facts.toolName ?? options.tool;
  const ignored = options.failOpen ? failOpenWarning(options.event, eventType, facts) : undefined;
  const begin: Begin = {
    ...ids,
    ...parts.process,
    ...effectiveSettings(options, settings),
    correlationId:
      parent?.traceId ??
      deriveCorrelationId({ ...facts, eventType }) ??
      traceIdOf(parts.random(16)),
    ...(parent === undefined ? {} : { parentSpanId: parent.spanId }),
    hookName: options.name || defaultHookName(options.argv, options.shellLine),
    eventType,
    ...(toolName === undefined ? {} : { toolName }),
    ...(facts.sessionId === undefined ? {} : { sessionId: facts.sessionId }),
    ...(facts.toolUseId === undefined ? {} : { toolUseId: facts.toolUseId }),
    ...agentFacts(facts),
    ...(parts.variables.length === 0 ? {} : { variables: parts.variables }),
    argv: options.argv,
    warnings: [
      ...options.warnings,
      ...settings.problems,
      ...modeWarning(options, eventType, agentOf({ ...facts, eventType })),
      ...(ignored === undefined ? [] : [ignored]),
    ],
  };
  const isForgiving = options.failOpen && ignored === undefined;
  return { begin, traceFlags: parent?.flags ?? '01', isForgiving };
}
