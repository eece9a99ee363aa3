import { describe, it } from 'vitest';
import type { Capability, Engine } from './engine.ts';
import { openStage, type Stage, type Usual } from './stage.ts';

const TIMEOUT_MS = 300_000;

/** Registers the tests of one topic for an engine. */
export interface Topic {
  readonly engine: Engine;
  /** One behaviour, on a separate stage. */
  readonly test: (title: string, body: (stage: Stage) => Promise<void>, timeoutMs?: number) => void;
  /** The same if the engine is capable of it; else skipped, with the engine's reason in the title. */
  readonly testIf: (
    capability: Capability,
    title: string,
    body: (stage: Stage) => Promise<void>,
    timeoutMs?: number,
  ) => void;
}

/**
 * For tests that need what is in the payload. It is in a pipe before the engine starts, which listens to its caller only for
 * a moment: on a busy machine a caller that writes after the start may be too late.
 */
export const WRITTEN_BEFORE: Usual = { stdin: 'pipe' };

/** For tests of what happens while there is no state directory yet. */
export const WITHOUT_HOME: Usual = { withoutHome: true };

/** A topic whose tests run side by side, or one by one if they measure time. */
export function topic(
  engine: Engine,
  name: string,
  mode: 'concurrent' | 'sequential',
  register: (topic: Topic) => void,
  usual: Usual = {},
): void {
  const skip = (title: string, reason: string): void =>
    it.skip(`${title} (skipped: ${reason})`, () => undefined);
  const test: Topic['test'] = (title, body, timeoutMs = TIMEOUT_MS) => {
    const reason = engine.cannot?.find(([pattern]) => pattern.test(title))?.[1];
    if (reason !== undefined) return skip(title, reason);
    it(title, { timeout: timeoutMs }, async () => {
      const stage = openStage(engine, usual);
      try {
        await body(stage);
      } finally {
        stage.close();
      }
    });
  };
  const testIf: Topic['testIf'] = (capability, title, body, timeoutMs) => {
    if (capability === true) test(title, body, timeoutMs);
    else skip(title, capability);
  };
  describe[mode](name, () => register({ engine, test, testIf }));
}
