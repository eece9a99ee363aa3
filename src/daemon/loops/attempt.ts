import { reasonOf } from '../../domain/errors.ts';
import type { Log } from '../log.ts';

/**
 * Returns a function that runs `work`, and returns undefined if that fails. Logs a failure once, until `work` succeeds
 * or fails for another reason.
 */
export function createAttempt(log: Log, event: string) {
  let lastFailure: string | undefined;
  return <T>(work: () => T): T | undefined => {
    try {
      const result = work();
      lastFailure = undefined;
      return result;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== lastFailure) log(event, { reason });
      lastFailure = reason;
      return undefined;
    }
  };
}
