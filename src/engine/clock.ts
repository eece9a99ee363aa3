/**
 * Milliseconds since this process started, with fractions, and never back: what `performance.now()` says, without the
 * milliseconds that loading `performance` takes.
 */
export function nowMs(): number {
  return process.uptime() * 1000;
}

/** When this process started, in Unix ms. */
export function startedAtMs(): number {
  return Math.round(Date.now() - nowMs());
}
