import { readSettings } from './config/settings.ts';
import { keyOfParts } from './domain/key/key-parts.ts';
import { payloadOf, runGuarded, startGuarded } from './library/guarded.ts';
import type {
  ExecutionContext,
  GuardedExecution,
  GuardOptions,
  GuardResult,
} from './library/types.ts';

export type { ExecutionContext, GuardedExecution, GuardOptions, GuardResult };

/** Whether `HOOKBUS_ENABLED` is on; off, bodies run and nothing is recorded. */
export function isEnabled(): boolean {
  return readSettings().enabled;
}

/**
 * A dedupe key of these parts: texts, numbers and booleans readable, anything else by its digest; at most 256 bytes.
 * Empty where a part is undefined, null, empty or cannot be told apart from others: such a key is none, and the body
 * runs. Never throws.
 *
 * @example generateDedupeKey('format', payload.tool_use_id, payload.tool_input)
 */
export function generateDedupeKey(...parts: unknown[]): string {
  return keyOfParts(parts) ?? '';
}

/**
 * Runs `body` as an execution of a hook, and records it. What the body returns is the output, unless it calls
 * `setOutput`. A duplicate's body is not run. Never rejects: what the body throws is in the result.
 *
 * @param name what the hook is called in the record
 * @param event such as `PreToolUse`; what the payload says goes first
 */
export function guardedExecution<T = unknown>(
  name: string,
  event: string,
  options: GuardOptions | undefined,
  body: (context: ExecutionContext<T>) => T | Promise<T> | void | Promise<void>,
): Promise<GuardResult<T>> {
  return runGuarded<T>({ name, event, options }, body);
}

/**
 * Makes a guarded function of a function: called, it runs as an execution of a hook, is recorded, and never throws or
 * rejects. Its first argument is taken for what the hook read, where that is a text, bytes or a plain object.
 *
 * @example const check = guard('check', 'PreToolUse', 'Bash')((payload: Payload) => decide(payload));
 */
export function guard(
  name: string,
  event: string,
  tool?: string,
): <A extends unknown[], T>(
  work: (...values: A) => T | Promise<T>,
) => (...values: A) => Promise<GuardResult<T>> {
  return (work) =>
    function guarded(this: unknown, ...values) {
      const options = { tool, payload: payloadOf(values[0]) };
      return runGuarded({ name, event, options }, () => work.apply(this, values));
    };
}

/**
 * Begins an execution that ends with the scope it is declared in. Look at `skipped` first: the code behind it runs
 * either way. Left without `setOutput` it counts as failed, since that is what an exception looks like from here.
 *
 * @example await using execution = await startGuardedExecution('check', 'PreToolUse', { payload });
 */
export function startGuardedExecution<T = unknown>(
  name: string,
  event: string,
  options?: GuardOptions,
): Promise<GuardedExecution<T>> {
  return startGuarded<T>({ name, event, options });
}
