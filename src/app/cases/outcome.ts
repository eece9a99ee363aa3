import { readAnswer } from '../../agents/decisions/read-answer.ts';
import type { Verdict } from '../../agents/matching/verdict.ts';
import type { AgentName } from '../../agents/settings/agent-settings.ts';
import type { Answer, Decision } from '../../domain/answer/decision.ts';
import { blocksByExitCode } from '../../domain/events.ts';
import type { End } from '../../domain/record.ts';
import type { FoundHook } from '../hooks/configured-hooks.ts';
import type { Fields } from './hook-case.ts';
import { readSaid, type Said } from './said.ts';

/** A hook that ran in a case. */
export interface HookRun extends Said {
  readonly hook: FoundHook;
  readonly verdict: Verdict;
  readonly end: End;
  readonly answer: Answer;
  /** When it ended, to tell who was last. */
  readonly endedAtMs: number;
  /** Something that makes the result worth nothing, although it may look right. */
  readonly fault: string | undefined;
}

/** What the agent makes of all hooks of a case. */
export interface Outcome {
  readonly decision: Decision;
  /** The reasons of the hooks whose decision counts. */
  readonly reasons: readonly string[];
  readonly context: string;
  readonly input: Fields | undefined;
  readonly output: unknown;
  readonly durationMs: number;
}

/** The strictest decision counts. */
const STRICTEST: readonly Decision[] = ['deny', 'stop', 'defer', 'ask', 'allow', 'none'];

/** How the agent reads one hook's end. What a hook says after its time limit is not heard. */
export function toRun(
  agent: AgentName,
  event: string,
  ran: Pick<HookRun, 'hook' | 'verdict' | 'end' | 'endedAtMs'> & { readonly isCapped: boolean },
): HookRun {
  const { hook, end, isCapped, ...rest } = ran;
  const stdout = end.captures.find(({ stream }) => stream === 'stdout');
  const stderr = Buffer.from(end.stderrTail).toString('utf8');
  const output = {
    eventType: event,
    exitCode: end.exitCode,
    stdout: stdout?.bytes ?? new Uint8Array(),
    isComplete: stdout?.truncated !== true,
    stderr: end.kind === 'not_started' ? (end.reason ?? '') : stderr,
  };
  const isHeard = end.kind !== 'timeout' && !hook.isAsync;
  const heard = isHeard ? readAnswer(agent, output) : SILENCE;
  const answer = failsClosed(hook, event, end, heard) ? refusalOf(end, heard) : heard;
  return {
    ...rest,
    ...{ hook, end, answer },
    ...readSaid(output.stdout, answer),
    fault: faultOf(hook, end, stderr, isCapped),
  };
}

const SILENCE: Answer = { decision: 'none', changesInput: false, contextChars: 0 };

/** Events on which Claude Code ignores `onFailure`. */
const NEVER_CLOSED = ['Stop', 'SubagentStop', 'TaskCompleted', 'TeammateIdle'];

/** Whether `"onFailure": "block"` makes a refusal of this end. */
function failsClosed(hook: FoundHook, event: string, end: End, { decision }: Answer): boolean {
  if (hook.options?.blocksOnFailure !== true || hook.isAsync || decision !== 'none') return false;
  if (NEVER_CLOSED.includes(event) || !blocksByExitCode(event)) return false;
  const isFailure = end.kind !== 'exited' || (end.exitCode !== 0 && end.exitCode !== 2);
  return isFailure || end.stdoutKind === 'broken';
}

const refusalOf = (end: End, answer: Answer): Answer => ({
  ...answer,
  decision: 'deny',
  reason: end.reason ?? `the hook failed, and "onFailure" is "block"`,
});

/** Interpreters exit with 2 if they cannot open the script, and scripts if their options are wrong: that looks like a refusal. */
const CANNOT_OPEN =
  /can't open file '|can't open perl script|\b0: (?:cannot|can't) open |^usage: .*: error: /is;

function faultOf(hook: FoundHook, end: End, stderr: string, isCapped: boolean): string | undefined {
  if (end.kind === 'not_started') return `it cannot start: ${end.reason ?? 'unknown reason'}`;
  if (end.kind === 'timeout' && isCapped) {
    return `it did not end in time; its own limit is ${hook.limitMs / 1000} s, --timeout raises ours`;
  }
  const { exitCode } = end;
  const isMissing =
    exitCode === 126 || exitCode === 127 || (exitCode === 2 && CANNOT_OPEN.test(stderr));
  if (!isMissing) return undefined;
  return `it cannot start: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}

const isRefused = (decision: Decision): boolean => ['deny', 'stop', 'defer'].includes(decision);

/** Combines what all hooks said, as the agent does: the strictest decision, the last changed input, every context. */
export function combine(runs: readonly HookRun[], isParallel: boolean): Outcome {
  const decision =
    STRICTEST.find((word) => runs.some(({ answer }) => answer.decision === word)) ?? 'none';
  const byEnd = [...runs].sort((a, b) => a.endedAtMs - b.endedAtMs);
  const inputs: readonly (Fields | undefined)[] = byEnd.map(({ input }) => input);
  const times = runs.map(({ end }) => end.durationMs ?? 0);
  return {
    decision,
    reasons: runs
      .filter(({ answer }) => answer.decision === decision)
      .flatMap(({ answer }) => answer.reason ?? []),
    context: runs.flatMap(({ context }) => context || []).join('\n'),
    // Of a call that is not made, no input is left.
    input: isRefused(decision) ? undefined : inputs.findLast((value) => value !== undefined),
    output: byEnd.map(({ output }) => output).findLast((value) => value !== undefined),
    durationMs: isParallel ? Math.max(0, ...times) : times.reduce((sum, ms) => sum + ms, 0),
  };
}
