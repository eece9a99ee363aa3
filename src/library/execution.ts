import { randomBytes } from 'node:crypto';
import { agentOf } from '../agents/recognize.ts';
import { describeExecution, newExecutionIds } from '../app/recording/begin.ts';
import type { Meter } from '../app/recording/meter.ts';
import { type Report, report as reportFor } from '../app/store/debug-log.ts';
import { withMadeHome } from '../config/home/state-home.ts';
import {
  agentVariables,
  inheritedTraceParent,
  type Settings,
  searchPath,
} from '../config/settings.ts';
import { guardedKey } from '../domain/key/dedupe-key.ts';
import type { Begin, End } from '../domain/record.ts';
import { duplicateReason } from '../domain/skipped-guard.ts';
import { duplicateMode } from '../gates/dedupe.ts';
import { closedGate, type Gate } from '../gates/gate-file.ts';
import { guardFacts } from '../gates/hook-files.ts';
import { isProtected } from '../gates/policy.ts';
import { ownProcess } from '../os/own-process.ts';
import { type Asked, type Call, readCall } from './call.ts';
import { type BodyClaim, claimKey, UNKEYED } from './claim.ts';
import { type BodyEnd, endOf, measurePayload, sharedEnd, skippedEnd, warningsOf } from './end.ts';
import { type Recording, recordingFor } from './recording.ts';

/** An execution that has started. */
export interface Opened {
  readonly correlationId: string;
  /** Present if the body must not run. */
  readonly skipped?: { readonly output?: unknown };
  /** Runs the body; throws what it throws. */
  readonly within: <T>(work: () => T) => T;
  /** Records how it ended. Never rejects. */
  readonly close: (end: BodyEnd) => Promise<void>;
}

/** What opening an execution needs. */
export interface OpenParts extends Asked {
  readonly settings: Settings;
  /** `performance.now()` when the caller called. */
  readonly askedAtMs: number;
  /** Whether the body is a function, not the caller's own code. */
  readonly hasBody: boolean;
}

interface Watch {
  readonly parts: OpenParts;
  readonly call: Call;
  readonly begin: Begin;
  readonly stdin: Meter;
  readonly recording: Recording;
  readonly report: Report;
}

/**
 * Starts an execution: records its begin, then checks its gate and its key.
 * @throws if nothing can be recorded; the caller then runs the body unrecorded
 */
export async function openExecution(parts: OpenParts): Promise<Opened> {
  const settings = withMadeHome(parts.settings);
  const { paths } = settings;
  if (paths === undefined) {
    const none = 'neither HOOKBUS_HOME nor HOME is set, so nothing can be recorded';
    throw new Error(settings.homeProblem?.what ?? none);
  }
  const asked = readCall(parts);
  const { begin } = describeExecution({
    ids: newExecutionIds(Date.now(), randomBytes),
    options: asked.run,
    settings,
    payload: asked.payload,
    known: asked.known,
    inheritedTraceParent: inheritedTraceParent(),
    variables: agentVariables(),
    random: randomBytes,
    process: ownProcess(),
  });
  const call = withGuard(asked, begin);
  const recording = recordingFor(paths);
  const stdin = measurePayload(begin, call.payload);
  const watch: Watch = { parts, call, begin, stdin, recording, report: reportFor(settings) };
  recording.begin(begin, stdin.total(), watch.report);
  const gate = gateOf(watch, paths.gates);
  if (gate !== undefined) {
    const reason = gate.kind === 'off' ? 'off' : 'breaker open';
    return skip(watch, { kind: 'breaker_skip', reason }, undefined);
  }
  const claim = await claimFor(watch);
  if (claim.kind === 'run') return running(watch, claim);
  const reason = duplicateReason(claim.of, claim.isRefused === true);
  return skip(watch, { kind: 'dedupe_skip', reason, ...keyOf(call) }, claim.output);
}

/** On events where a hook decides, the key also identifies the program and its script. */
function withGuard({ dedupeKey, ...call }: Call, { hookName, argv, cwd, eventType }: Begin): Call {
  if (dedupeKey === undefined || isProtected(hookName)) return call;
  const guard = guardFacts(argv, cwd, searchPath());
  const key = guardedKey(dedupeKey, { eventType, guard });
  return key === undefined ? call : { ...call, dedupeKey: key };
}

/** On an error returns no gate, so the body runs. */
function gateOf({ call, begin, report }: Watch, gates: string): Gate | undefined {
  try {
    return closedGate(gates, call.run, begin.createdAtMs, begin.eventType);
  } catch (error) {
    report('read gate', error);
    return undefined;
  }
}

const keyOf = ({ dedupeKey }: Call): Pick<End, 'dedupeKey'> =>
  dedupeKey === undefined ? {} : { dedupeKey };

async function claimFor({ parts, call, begin, recording, report }: Watch): Promise<BodyClaim> {
  if (call.dedupeKey === undefined) return UNKEYED;
  try {
    return await claimKey({
      recording,
      request: {
        key: call.dedupeKey,
        hookName: begin.hookName,
        executionId: begin.executionId,
        owner: { pid: begin.pid, start: begin.pidStart },
        ttlSeconds: call.run.dedupeTtlSeconds ?? parts.settings.dedupeTtlSeconds,
        eventType: begin.eventType,
        agent: agentOf(begin),
        onDuplicate: duplicateMode(call.run.onDuplicate, begin.eventType, agentOf(begin)),
      },
      parentSpanId: begin.parentSpanId,
      waitMs: call.waitMs,
      hasBody: parts.hasBody,
    });
  } catch (error) {
    report('claim key', error);
    return UNKEYED;
  }
}

/** Skips the body and records why. */
async function skip(
  { begin, stdin, recording, report }: Watch,
  end: Pick<End, 'kind' | 'reason' | 'dedupeKey'>,
  output: unknown,
): Promise<Opened> {
  await recording.end(begin, { ...skippedEnd(begin, stdin, output), ...end }, report);
  return {
    correlationId: begin.correlationId,
    skipped: { output },
    within: (work) => work(),
    close: async () => undefined,
  };
}

function running(watch: Watch, claim: BodyClaim & { kind: 'run' }): Opened {
  const { parts, call, begin, stdin, recording, report } = watch;
  const startedAtMs = performance.now();
  return {
    correlationId: begin.correlationId,
    within: (work) => claim.within(work),
    async close(bodyEnd) {
      const durationMs = performance.now() - startedAtMs;
      try {
        const end: End = {
          ...endOf(begin, stdin, bodyEnd),
          ...(claim.isKeyed ? keyOf(call) : {}),
          durationMs,
          overheadMs: performance.now() - parts.askedAtMs - durationMs,
        };
        const warnings = [...begin.warnings, ...warningsOf(bodyEnd)];
        await recording.end({ ...begin, warnings }, end, report);
      } catch (error) {
        report('end execution', error);
      }
      try {
        claim.finish(sharedEnd(begin.maxBytes, bodyEnd));
      } catch (error) {
        report('finish key', error);
      }
    },
  };
}
