import { randomBytes } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import { inheritedTraceParent, readSettings, type Settings } from '../config/settings.ts';
import { parseTraceParent } from '../domain/correlation.ts';
import { traceIdOf } from '../domain/identifiers.ts';
import type { Asked } from './call.ts';
import type { Opened } from './execution.ts';
import { toError } from './output.ts';
import type { ExecutionContext, GuardedExecution, GuardOptions, GuardResult } from './types.ts';

/** Runs a body and records it. Never rejects. */
export async function runGuarded<T>(
  asked: Asked,
  body: (context: ExecutionContext<T>) => unknown,
): Promise<GuardResult<T>> {
  const execution = await open(asked, true);
  const { correlationId, skipped } = execution;
  if (skipped !== undefined) {
    const output = skipped.output as T | undefined;
    return { success: true, output, error: undefined, skipped: true, correlationId };
  }
  const output = createOutput<T>();
  try {
    const context = { skipped: false, correlationId, setOutput: output.set } as const;
    const returned = (await execution.within(() => body(context))) as T;
    if (!output.isSet()) output.set(returned);
  } catch (thrown) {
    const error = toError(thrown);
    await execution.close({ kind: 'error', error });
    return { success: false, output: undefined, error, skipped: false, correlationId };
  }
  const value = output.get();
  await execution.close({ kind: 'output', value });
  return { success: true, output: value, error: undefined, skipped: false, correlationId };
}

/** Starts an execution whose body is the caller's code until disposal. Never rejects. */
export async function startGuarded<T>(asked: Asked): Promise<GuardedExecution<T>> {
  const execution = await open(asked, false);
  const { correlationId, skipped } = execution;
  const output = createOutput<T>();
  let failure: Error | undefined;
  let isClosed = false;
  return {
    skipped: skipped !== undefined,
    output: skipped?.output as T | undefined,
    correlationId,
    setOutput: output.set,
    fail(thrown) {
      failure ??= toError(thrown);
    },
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      isClosed = true;
      if (failure === undefined && output.isSet()) {
        await execution.close({ kind: 'output', value: output.get() });
      } else {
        await execution.close({ kind: 'error', error: failure ?? leftWithoutOutput() });
      }
    },
  };
}

/** The first argument of a hook's function, if it can be a payload. Never throws. */
export function payloadOf(value: unknown): GuardOptions['payload'] {
  if (typeof value === 'string' || isUint8Array(value)) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === null || prototype === Object.prototype ? value : undefined;
  } catch {
    // A proxy may throw.
    return undefined;
  }
}

/** The error of a scope without an output: an exception left it, or the code forgot `setOutput`. */
const leftWithoutOutput = (): Error => new Error('left without an output');

function createOutput<T>() {
  let value: T | undefined;
  let isSet = false;
  return {
    set(given: T): void {
      value = given;
      isSet = true;
    },
    isSet: (): boolean => isSet,
    get: (): T | undefined => value,
  };
}

/** Opens a recorded execution if HookBus is enabled and works, else an unrecorded one. */
async function open(asked: Asked, hasBody: boolean): Promise<Opened> {
  const askedAtMs = performance.now();
  let settings: Settings | undefined;
  try {
    settings = readSettings();
    if (!settings.enabled) return unrecorded();
    const { openExecution } = await import('./execution.ts');
    return await openExecution({ ...asked, settings, askedAtMs, hasBody });
  } catch (error) {
    await say(settings, error);
    return unrecorded();
  }
}

function unrecorded(): Opened {
  return {
    correlationId: parseTraceParent(inheritedTraceParent())?.traceId ?? traceIdOf(randomBytes(16)),
    within: (work) => work(),
    close: async () => undefined,
  };
}

async function say(settings: Settings | undefined, error: unknown): Promise<void> {
  if (settings?.debug !== true) return;
  try {
    const { report } = await import('../app/store/debug-log.ts');
    const { withOwnHome } = await import('../config/home/state-home.ts');
    report(withOwnHome(settings))('open execution', error);
  } catch {
    // There is no log to write to.
  }
}
