/** Timeouts as people write them into settings, in seconds. */
const ROUND_SECONDS = [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600];

/** Above those, timeouts are multiples of this. */
const STEP_SECONDS = 300;

/** Twice the P99 in seconds, rounded up to a number that a person would write; at least 5. */
export function suggestTimeout(p99Ms: number): number {
  const seconds = (2 * p99Ms) / 1000;
  return (
    ROUND_SECONDS.find((round) => round >= seconds) ??
    Math.ceil(seconds / STEP_SECONDS) * STEP_SECONDS
  );
}
