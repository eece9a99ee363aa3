import { AsyncLocalStorage } from 'node:async_hooks';
import type { Begin } from '../domain/record.ts';
import { type Passage, passGate } from '../gates/gate-file.ts';
import type { Recording } from './recording.ts';

/** The hooks that the running code is inside of. */
const around = new AsyncLocalStorage<readonly string[]>();

/** Runs a body such that what it starts is known to be inside of its hook. */
export const insideHook = <T>(hook: string, work: () => T): T =>
  around.run([...(around.getStore() ?? []), hook], work);

/** A hook, as it is told from those of other state directories. */
export const hookId = ({ home }: Recording, { hookName }: Begin): string => `${home}\0${hookName}`;

/**
 * What the gate of a hook comes to. A breaker has let through whoever is inside of an execution of the same hook: left
 * out, it would report that a probe went well in which nothing was tried. Throws what the disk says.
 */
export function lookAtGate(recording: Recording, gates: string, begin: Begin): Passage {
  const gate = passGate(gates, begin.hookName, begin.createdAtMs, begin.eventType);
  return gate.closed?.kind === 'breaker' && isInside(recording, begin) ? {} : gate;
}

function isInside(recording: Recording, begin: Begin): boolean {
  if (around.getStore()?.includes(hookId(recording, begin)) === true) return true;
  const { parentSpanId, hookName } = begin;
  return parentSpanId !== undefined && recording.isRunning(parentSpanId, hookName);
}
