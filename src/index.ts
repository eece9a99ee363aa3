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

/** Whether `HOOKBUS_ENABLED` is on. If not, bodies run and nothing is recorded. */
export function isEnabled(): boolean {
  return readSettings().enabled;
}

/**
 * Makes a dedupe key from these parts: strings, numbers and booleans stay readable, anything else becomes a digest; at
 * most 256 bytes. If a part is undefined, null, empty or cannot be identified, the key is empty, which means no key:
 * the body runs. Never throws.
 *
 * @example generateDedupeKey('format', payload.tool_use_id, payload.tool_input)
 */
export function generateDedupeKey(...parts: unknown[]): string {
  return keyOfParts(parts) ?? '';
}

/**
 * Runs `body` as an execution of a hook, and records it. The output is what the body returns, unless the body calls
 * `setOutput`. The body of a duplicate does not run. Never rejects: the result contains what the body throws.
 *
 * @param name the hook's name in the record
 * @param event such as `PreToolUse`; an event in the payload takes precedence
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
 * Wraps a function, so that each call runs as an execution of a hook, is recorded, and never throws or rejects. If the
 * first argument is a string, bytes or a plain object, it counts as the payload.
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
 * Starts an execution that ends with the scope in which it is declared. Check `skipped` first: the code after it runs
 * either way. If the scope ends without `setOutput`, the execution counts as failed, because an exception looks the
 * same.
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
