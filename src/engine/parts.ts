import type { BeginParts } from '../app/recording/begin.ts';
import { createRecorder, type Recorder } from '../app/recording/recorder.ts';
import type { Report } from '../app/store/debug-log.ts';
import type { RunOptions } from '../config/run-options.ts';
import { agentVariables, inheritedTraceParent, type Settings } from '../config/settings.ts';
import { formatTraceParent } from '../domain/correlation.ts';
import type { Begin } from '../domain/record.ts';
import { ownProcess } from '../os/own-process.ts';
import { randomBytes } from '../os/random.ts';
import { createSpool } from '../spool/spool.ts';

/** What the engine knows about this execution. */
export function beginParts(
  ids: BeginParts['ids'],
  options: RunOptions,
  settings: Settings,
  payload: Uint8Array,
): BeginParts {
  return {
    ids,
    options,
    settings,
    payload,
    inheritedTraceParent: inheritedTraceParent(),
    variables: agentVariables(),
    random: randomBytes,
    process: ownProcess(),
  };
}

/** Undefined if nothing can be recorded. */
export function recorderFor(settings: Settings, say: Report): Recorder | undefined {
  const { paths } = settings;
  if (paths === undefined) return undefined;
  return createRecorder({
    spool: createSpool(paths.spool, paths.quarantine),
    paths,
    now: Date.now,
    report: say,
  });
}

/** The variables that HookBus adds to the hook's environment. */
export function ownVariables(begin: Begin, flags: string): Record<string, string> {
  return {
    HOOKBUS_CORRELATION_ID: begin.correlationId,
    TRACEPARENT: formatTraceParent({ traceId: begin.correlationId, spanId: begin.spanId, flags }),
  };
}
