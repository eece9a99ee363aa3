import { readAnswer } from '../../agents/decisions/read-answer.ts';
import { agentOf } from '../../agents/recognize.ts';
import type { Agent, Answer } from '../../domain/answer/decision.ts';
import type { Begin, End } from '../../domain/record.ts';
import { isRepeatedRefusal } from '../../domain/skipped-guard.ts';

/** What the hook answered, and to whom. */
export interface Decided {
  readonly agent: Agent | undefined;
  readonly answer: Answer;
  /** The reason may end in the middle of a word: the record has only the start of stdout. */
  readonly isCut: boolean;
}

const NOTHING: Answer = { decision: 'none', changesInput: false, contextChars: 0 };

/** Applies the rules of the agent that ran the hook to what it got. */
export function decide(begin: Begin, end: End): Decided {
  const agent = agentOf(begin);
  const { eventType } = begin;
  // The engine was gone, or never passed on what a hook said.
  if (end.kind === 'cut_off' || end.kind === 'breaker_skip')
    return { agent, answer: NOTHING, isCut: false };
  if (end.kind === 'dedupe_skip') return { agent, answer: ofDuplicate(end), isCut: false };
  return { agent, ...answerOf(agent, eventType, end) };
}

/** The answer of a hook that ran. */
export function answerOf(
  agent: Agent | undefined,
  eventType: string,
  end: End,
): Omit<Decided, 'agent'> {
  // No agent hears anything in this, so a run need not load the rules.
  const { exitCode, stdoutBytes, stderrTail } = end;
  if (exitCode === 0 && stdoutBytes === 0 && stderrTail.length === 0)
    return { answer: NOTHING, isCut: false };
  const stdout = stdoutOf(end);
  const isComplete = stdout.length >= stdoutBytes;
  const answer = readAnswer(agent, {
    eventType,
    exitCode,
    stdout,
    isComplete,
    stderr: Buffer.from(stderrTail).toString('utf8'),
  });
  return { answer, isCut: !isComplete };
}

/** A duplicate gives a refusal again, or says nothing that counts. */
function ofDuplicate({ reason }: End): Answer {
  return isRepeatedRefusal(reason) ? { ...NOTHING, decision: 'deny' } : NOTHING;
}

/** The longest known start of stdout. */
function stdoutOf({ stdoutHead = new Uint8Array(), captures }: End): Uint8Array {
  const captured = captures.find(({ stream }) => stream === 'stdout')?.bytes ?? new Uint8Array();
  return captured.length > stdoutHead.length ? captured : stdoutHead;
}
