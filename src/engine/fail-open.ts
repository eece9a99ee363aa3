import { namesBlockingEvent } from '../app/recording/begin.ts';
import { isFailure, type Status } from '../domain/execution.ts';
import type { Meters } from './streams/meters.ts';
import type { Output } from './streams/output.ts';

const BRACE = 0x7b;
const BLANKS = [0, 0x20, 0x09, 0x0d, 0x0a];

/**
 * Whether `--fail-open` may hide this failure: the hook failed, and nothing that it printed can be a decision. C port:
 * src/launcher/fail_open.c.
 */
export function mayForgive(
  status: Status,
  meters: Meters,
  outputs: readonly Output[] = [],
): boolean {
  // Output that was passed on cannot be taken back.
  if (!isFailure(status) || outputs.some((output) => output.isPassedOn())) return false;
  return !mayDecide(outputs) && !namesBlockingEvent(meters.stdin.capture().bytes);
}

/**
 * Whether the output may be a decision. Agents read JSON on stdout whatever the exit code, some of them in any line;
 * one also reads JSON that starts stderr.
 */
function mayDecide([stdout, stderr]: readonly Output[]): boolean {
  if (stdout?.held().some((chunk) => chunk.includes(BRACE))) return true;
  const said = stderr?.held().find((chunk) => !chunk.every((byte) => BLANKS.includes(byte)));
  return said?.find((byte) => !BLANKS.includes(byte)) === BRACE;
}
