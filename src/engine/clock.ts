/**
 * Milliseconds since this process started, with fractions, never decreasing. Like `performance.now()`, but without the
 * milliseconds that loading `performance` takes.
 */
export function nowMs(): number {
  return process.uptime() * 1000;
}

/** When this process started, in Unix milliseconds. */
export function startedAtMs(): number {
  return Math.round(Date.now() - nowMs());
}
