import { blocksByExitCode, takesText } from '../../domain/events.ts';
import {
  type HookMistakes,
  MOST_CHARACTERS,
  type RepeatedRun,
  type Sighting,
} from '../../store/queries-mistakes.ts';
import { advice, type Check, type Finding, problem } from './finding.ts';

/** Looks for what silently disarms hooks, in what was recorded of them. */
export function checkHooks(
  mistakes: readonly HookMistakes[],
  repeated: readonly RepeatedRun[],
): Check[] {
  const runs = mistakes.reduce((sum, hook) => sum + hook.runs, 0);
  const findings = [...mistakes.flatMap(mistakesOf), ...repeated.map(repeatedOf)];
  const summary =
    runs === 0
      ? 'no executions in this time'
      : `${mistakes.length} hooks and events, ${runs.toLocaleString('en')} runs`;
  return [{ name: 'hooks', summary, findings }];
}

function mistakesOf(hook: HookMistakes): Finding[] {
  return [
    notStarted(hook),
    oddExit(hook),
    brokenJson(hook),
    silentBlock(hook),
    longOutput(hook),
    cutShort(hook),
  ].flat();
}

const nameOf = ({ hookName, eventType }: { hookName: string; eventType: string }): string =>
  eventType === '' ? hookName : `${hookName} on ${eventType}`;

const timesOf = ({ count }: Sighting, { runs }: HookMistakes): string =>
  `${count} of ${runs} ${runs === 1 ? 'run' : 'runs'}`;

function shownBy(finding: Finding, { latest }: Sighting): Finding {
  return latest === null ? finding : { ...finding, execution_id: latest.executionId };
}

function notStarted(hook: HookMistakes): Finding[] {
  const { notStarted: seen } = hook;
  if (seen.count === 0) return [];
  const finding = problem(
    `${nameOf(hook)}: its command cannot start (${timesOf(seen, hook)})`,
    'Exit codes 126 and 127 block nothing: the agent goes on as if there were no hook.',
    'Correct the path, make the file executable, or name its interpreter. Agents start hooks with a bare PATH.',
  );
  return [shownBy(finding, seen)];
}

function oddExit(hook: HookMistakes): Finding[] {
  const { oddExit: seen, eventType } = hook;
  if (seen.count === 0 || !blocksByExitCode(eventType)) return [];
  const finding = problem(
    `${nameOf(hook)}: it exits ${seen.code} (${timesOf(seen, hook)}), and only exit code 2 blocks`,
    'If it meant to stop the agent, it did not; if it failed, nothing was guarded meanwhile.',
    'Exit 2, with the reason on stderr, to block; 0 to allow. Where the guard itself may fail, let the agent block then ("onFailure": "block" in Claude Code).',
  );
  return [shownBy(finding, seen)];
}

function brokenJson(hook: HookMistakes): Finding[] {
  const { brokenJson: seen } = hook;
  if (seen.count === 0) return [];
  const finding = problem(
    `${nameOf(hook)}: its stdout begins with { and is not one JSON object (${timesOf(seen, hook)})`,
    'The agent takes it for JSON, cannot read it, and drops the decision that is in it.',
    'Write the object and nothing else to stdout: no second object, no log line. Logs belong on stderr.',
  );
  return [shownBy(finding, seen)];
}

function silentBlock(hook: HookMistakes): Finding[] {
  const { silentBlock: seen, eventType } = hook;
  if (seen.count === 0 || !blocksByExitCode(eventType)) return [];
  const finding = advice(
    `${nameOf(hook)}: it blocks without a word (${timesOf(seen, hook)})`,
    'The reason is what stderr says. Without one the agent does not know what to do better, and tries again.',
    'Write the reason to stderr before exit 2.',
  );
  return [shownBy(finding, seen)];
}

function longOutput(hook: HookMistakes): Finding[] {
  const { longText, longJson, eventType, mostStdoutBytes } = hook;
  const seen = takesText(eventType) && longText.count > 0 ? longText : longJson;
  if (seen.count === 0) return [];
  const most = mostStdoutBytes.toLocaleString('en');
  const finding = advice(
    `${nameOf(hook)}: up to ${most} bytes on stdout (${timesOf(seen, hook)})`,
    `Above ${MOST_CHARACTERS.toLocaleString('en')} characters the agent is given the name of a file and a preview; and all of it costs tokens.`,
    'Say less, or write a file and name it.',
  );
  return [shownBy(finding, seen)];
}

function cutShort(hook: HookMistakes): Finding[] {
  const { cutShort: seen } = hook;
  if (seen.count === 0) return [];
  const finding = problem(
    `${nameOf(hook)}: it was ended before it was done (${timesOf(seen, hook)})`,
    'What a hook says by then is thrown away, and the agent goes on: a guard that times out guards nothing.',
    'Make it faster, or raise its time limit in the settings file.',
  );
  return [shownBy(finding, seen)];
}

function repeatedOf(run: RepeatedRun): Finding {
  const times = `${run.count} ${run.count === 1 ? 'time' : 'times'}`;
  const finding = problem(
    `${nameOf(run)}: the same command ran twice for one and the same call (${times})`,
    'Two settings files have it, in texts that differ: agents run the same text once only.',
    'Take it out of one of them, or install both files again so that the text is the same. Until then --dedupe runs it once.',
  );
  return shownBy(finding, run);
}
