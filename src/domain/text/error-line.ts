import { INTERRUPTED, type Status } from '../execution.ts';

/** The start of the line that names the exception, in stack traces of Python, Node and others. */
const EXCEPTION = /^(?:Uncaught )?[\w.]*(?:Error|Exception|Interrupt|Exit)\b/;

/** Lines that end a stack trace of Node and say nothing about the error. */
const NOT_A_MESSAGE = /^\s+at |^Node\.js v\d|^[\s^~{}[\]()|=*-]*$/;

/** How an execution failed. */
export interface Failure {
  readonly status: Status;
  readonly error: string | null;
}

/**
 * The one line of an error text that says most: HookBus's own reason if it has one, which comes first, else the line of a
 * stack trace that names the exception, else the last line of stderr. Undefined if the hook said nothing.
 */
export function errorLine({ status, error }: Failure): string | undefined {
  const lines = (error ?? '').split('\n').filter((line) => line.trim() !== '');
  if (status === 'timeout' || lines[0]?.startsWith(INTERRUPTED)) return lines[0]?.trim();
  const exception = lines.findLast((line) => EXCEPTION.test(line));
  const last = lines.findLast((line) => !NOT_A_MESSAGE.test(line)) ?? lines.at(-1);
  return (exception ?? last)?.trim();
}
