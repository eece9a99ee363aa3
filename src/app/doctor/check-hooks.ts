import { blocksByExitCode, takesText } from '../../domain/events.ts';
import {
  type HookProblems,
  MAX_CHARACTERS,
  type RepeatedRun,
  type Sighting,
} from '../../store/queries/problems.ts';
import { advice, type Check, type Finding, problem } from './finding.ts';

/** Looks for what silently disarms hooks, in what was recorded of them. */
export function checkHooks(
  problems: readonly HookProblems[],
  repeated: readonly RepeatedRun[],
): Check {
  const runs = problems.reduce((sum, hook) => sum + hook.runs, 0);
  const findings = [...problems.flatMap(problemsOf), ...repeated.map(repeatedOf)];
  const summary =
    runs === 0
      ? 'no executions in this time'
      : `${problems.length} hooks and events, ${runs.toLocaleString('en')} runs`;
  return { name: 'hooks', summary, findings };
}

/** A mistake that a hook makes without anybody noticing. */
interface Problem {
  /** How often it was made; undefined on events where it is none. */
  readonly seen: (hook: HookProblems) => Sighting | undefined;
  readonly make: typeof problem;
  readonly what: (hook: HookProblems, times: string) => string;
  readonly why: string;
  readonly fix: string;
}

const whereItBlocks = (hook: HookProblems, seen: Sighting): Sighting | undefined =>
  blocksByExitCode(hook.eventType) ? seen : undefined;

const PROBLEMS: readonly Problem[] = [
  {
    seen: (hook) => hook.notStarted,
    make: problem,
    what: (_, times) => `its command cannot start (${times})`,
    why: 'Exit codes 126 and 127 block nothing: the agent goes on as if there were no hook.',
    fix: 'Correct the path, make the file executable, or name its interpreter. Agents start hooks with a bare PATH.',
  },
  {
    seen: (hook) => whereItBlocks(hook, hook.oddExit),
    make: problem,
    what: ({ oddExit }, times) =>
      `it exits ${oddExit.code} (${times}), and only exit code 2 blocks`,
    why: 'If it meant to stop the agent, it did not; if it failed, nothing was guarded meanwhile.',
    fix: 'Exit 2, with the reason on stderr, to block; 0 to allow. Where the guard itself may fail, let the agent block then ("onFailure": "block" in Claude Code).',
  },
  {
    seen: (hook) => hook.brokenJson,
    make: problem,
    what: (_, times) => `its stdout begins with { and is not one JSON object (${times})`,
    why: 'The agent takes it for JSON, cannot read it, and drops the decision that is in it.',
    fix: 'Write the object and nothing else to stdout: no second object, no log line. Logs belong on stderr.',
  },
  {
    seen: (hook) => whereItBlocks(hook, hook.silentBlock),
    make: advice,
    what: (_, times) => `it blocks without a word (${times})`,
    why: 'The reason is what stderr says. Without one the agent does not know what to do better, and tries again.',
    fix: 'Write the reason to stderr before exit 2.',
  },
  {
    seen: ({ eventType, longText, longJson }) =>
      takesText(eventType) && longText.count > 0 ? longText : longJson,
    make: advice,
    what: ({ maxStdoutBytes }, times) =>
      `up to ${maxStdoutBytes.toLocaleString('en')} bytes on stdout (${times})`,
    why: `Above ${MAX_CHARACTERS.toLocaleString('en')} characters the agent is given the name of a file and a preview; and all of it costs tokens.`,
    fix: 'Say less, or write a file and name it.',
  },
  {
    seen: (hook) => hook.cutShort,
    make: problem,
    what: (_, times) => `it was ended before it was done (${times})`,
    why: 'What a hook says by then is thrown away, and the agent goes on: a guard that times out guards nothing.',
    fix: 'Make it faster, or raise its time limit in the settings file.',
  },
];

function problemsOf(hook: HookProblems): Finding[] {
  const { runs } = hook;
  return PROBLEMS.flatMap(({ seen, make, what, why, fix }) => {
    const sighting = seen(hook);
    if (sighting === undefined || sighting.count === 0) return [];
    const times = `${sighting.count} of ${runs} ${runs === 1 ? 'run' : 'runs'}`;
    return [shownBy(make(`${nameOf(hook)}: ${what(hook, times)}`, why, fix), sighting)];
  });
}

const nameOf = ({ hookName, eventType }: { hookName: string; eventType: string }): string =>
  eventType === '' ? hookName : `${hookName} on ${eventType}`;

function shownBy(finding: Finding, { latest }: Sighting): Finding {
  return latest === null ? finding : { ...finding, execution_id: latest.executionId };
}

function repeatedOf(run: RepeatedRun): Finding {
  const times = `${run.count} ${run.count === 1 ? 'time' : 'times'}`;
  const finding = problem(
    `${nameOf(run)}: the same command ran twice for one and the same call (${times})`,
    'Two settings files have it, in texts that differ: agents run the same text once only.',
    'Take it out of one of them, or install both files again so that the text is the same.',
  );
  return shownBy(finding, run);
}
