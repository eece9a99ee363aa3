/*
 * Cline (the command line, read in 3.0.65): `cancel: true` refuses, and no exit code does. It reads the whole of stdout, or the
 * last line that begins with `HOOK_CONTROL` and a tab. Events of its editor extension begin with a capital letter.
 */
import type { Answer, HookOutput } from '../../domain/answer/decision.ts';
import type { Fields } from '../../domain/answer/fields.ts';
import { charsOf, readStdout, readText, type Said, wordsIn } from './said.ts';
import { type Draft, strayField, toAnswer, toAnswerOf, unread } from './verdict.ts';

const NAME = 'Cline';

/** It adds a line that says so to what it cut. */
const MAX_CONTEXT = 50_000;

/** Events whose hooks it starts without reading what they say. */
const UNREAD: ReadonlySet<string> = new Set([
  ...['prompt_submit', 'agent_end', 'agent_error', 'agent_abort', 'session_shutdown'],
]);

export function readCline(output: HookOutput): Answer {
  const { eventType, exitCode = 0 } = output;
  const said = controlOf(output);
  if (UNREAD.has(eventType)) {
    const isLost = said.fields['cancel'] === true;
    return toAnswer({
      warning: isLost ? `${NAME} does not read cancel on ${eventType}` : undefined,
    });
  }
  if (said.kind === 'object') return toAnswerOf(said, true, readObject(eventType, said));
  const isRefusal = exitCode === 1 || exitCode === 2;
  // The line that counts may be in the rest.
  if (said.kind === 'text' && !output.isComplete)
    return toAnswer({ warning: 'stdout is too long for HookBus to read all of it' });
  const warning = isRefusal
    ? `exit code ${exitCode} does not refuse: for ${NAME}, only cancel in JSON does`
    : undefined;
  return toAnswer({ warning: problemOf(said) ?? warning });
}

const CONTROL = 'HOOK_CONTROL\t';

function controlOf(output: HookOutput): Said {
  const said = readStdout(output);
  const lines = said.text.split('\n').map((line) => line.trim());
  const control = lines.findLast((line) => line.startsWith(CONTROL));
  if (control !== undefined) return readText(control.slice(CONTROL.length), output.isComplete);
  // The extension finds an object below other lines, too.
  const start = said.text.lastIndexOf('\n{');
  if (said.kind !== 'text' || start < 0 || !/^[A-Z]/.test(output.eventType)) return said;
  const last = readText(said.text.slice(start), output.isComplete);
  return last.kind === 'object' ? last : said;
}

function problemOf(said: Said): string | undefined {
  if (said.kind !== 'text') return unread(said, NAME);
  return /[{,]\s*"cancel"\s*:/.test(said.text)
    ? `text comes before the JSON, so ${NAME} does not read it`
    : unread(said, NAME);
}

function readObject(eventType: string, { fields, longest }: Said): Draft {
  const isCancelled = fields['cancel'] === true;
  const isResult = eventType === 'tool_result' || eventType === 'PostToolUse';
  return {
    verdicts: isCancelled ? [{ decision: 'deny', reason: reasonIn(fields) }] : [],
    changesInput: !isCancelled && !isResult && fields['overrideInput'] !== undefined,
    contextChars: isCancelled ? 0 : charsOf(contextIn(longest), MAX_CONTEXT),
    warning: warningFor(fields),
  };
}

const contextIn = (fields: Fields): string | undefined =>
  [fields['context'], fields['contextModification'], wordsIn(fields['errorMessage'])].find(
    (value) => typeof value === 'string',
  );

const reasonIn = (fields: Fields): string | undefined =>
  wordsIn(fields['errorMessage']) ?? wordsIn(contextIn(fields));

function warningFor(fields: Fields): string | undefined {
  if (fields['cancel'] !== undefined && typeof fields['cancel'] !== 'boolean')
    return 'cancel is no yes or no';
  const stray = strayField(fields, [
    ...['decision', 'permissionDecision', 'permission', 'behavior', 'hookSpecificOutput'],
    ...(fields['continue'] === false ? ['continue'] : []),
  ]);
  return stray === undefined ? undefined : `${NAME} does not read ${stray}, only cancel`;
}
