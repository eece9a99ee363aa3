import { namesBlockingEvent } from '../app/recording/begin.ts';
import { isFailure, type Status } from '../domain/execution.ts';
import type { Meters } from './streams/meters.ts';
import type { Output } from './streams/output.ts';

const BRACE = 0x7b;
const BLANKS = [0, 0x20, 0x09, 0x0d, 0x0a];

/**
 * Under `--fail-open`, whether a hook that ended so leaves nothing behind: it failed, and nothing that it said or did can
 * be a decision. Twin: src/launcher/fail_open.c.
 */
export function isPardoned(
  status: Status,
  meters: Meters,
  outputs: readonly Output[] = [],
): boolean {
  // Once something was passed on there is nothing left to forgive.
  if (!isFailure(status) || outputs.some((output) => output.isPassedOn())) return false;
  return !maySteer(outputs) && !namesBlockingEvent(meters.stdin.capture().bytes);
}

/**
 * Agents read JSON on stdout whatever the exit code, some in any line of it, and one of them what begins so on stderr:
 * it may be a decision.
 */
function maySteer([stdout, stderr]: readonly Output[]): boolean {
  if (stdout?.held().some((chunk) => chunk.includes(BRACE))) return true;
  const said = stderr?.held().find((chunk) => !chunk.every((byte) => BLANKS.includes(byte)));
  return said?.find((byte) => !BLANKS.includes(byte)) === BRACE;
}
