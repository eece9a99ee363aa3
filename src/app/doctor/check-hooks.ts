import { blocksByExitCode, takesText } from '../../domain/events.ts';
import { formatCount } from '../../format.ts';
import {
  type HookProblems,
  MAX_CHARACTERS,
  type RepeatedRun,
  type Sighting,
} from '../../store/queries/problems.ts';
import { advice, type Check, type Finding, problem } from './finding.ts';

/** Finds recorded executions that show why a hook silently blocks nothing. */
export function checkHooks(
  problems: readonly HookProblems[],
  repeated: readonly RepeatedRun[],
  others: readonly Finding[] = [],
): Check {
  const runs = problems.reduce((sum, hook) => sum + hook.runs, 0);
  const findings = [...problems.flatMap(problemsOf), ...repeated.map(repeatedOf), ...others];
  const summary =
    runs === 0
      ? 'no executions in this time'
      : `${problems.length} hooks and events, ${formatCount(runs)} runs`;
  return { name: 'hooks', summary, findings };
}

/** A fault of a hook that nobody notices. */
interface Problem {
  /** How often it happened; undefined on events where it does no harm. */
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
    fix: 'Correct the path, make the file executable, or name its interpreter. Agents start hooks with a minimal PATH.',
  },
  {
    seen: (hook) => whereItBlocks(hook, hook.oddExit),
    make: problem,
    what: ({ oddExit }, times) =>
      `it exits ${oddExit.code} (${times}), but only exit code 2 blocks`,
    why: "If it meant to block, it didn't; if it crashed, the call went through unchecked.",
    fix: 'Exit 2, with the reason on stderr, to block; exit 0 to allow. If the guard itself can fail, let the agent block in that case ("onFailure": "block" in Claude Code).',
  },
  {
    seen: (hook) => hook.brokenJson,
    make: problem,
    what: (_, times) => `its stdout starts with { but is not one JSON object (${times})`,
    why: 'The agent takes it for JSON, cannot parse it, and drops the decision in it.',
    fix: 'Write one JSON object to stdout and nothing else: no second object, no log line. Send logs to stderr.',
  },
  {
    seen: (hook) => whereItBlocks(hook, hook.silentBlock),
    make: advice,
    what: (_, times) => `it blocks without giving a reason (${times})`,
    why: 'The agent reads the reason from stderr. Without one it does not know what to change, and tries again.',
    fix: 'Write the reason to stderr before you exit 2.',
  },
  {
    seen: ({ eventType, longText, longJson }) =>
      takesText(eventType) && longText.count > 0 ? longText : longJson,
    make: advice,
    what: ({ maxStdoutBytes }, times) =>
      `up to ${formatCount(maxStdoutBytes)} bytes on stdout (${times})`,
    why: `Above ${formatCount(MAX_CHARACTERS)} characters the agent gets only a file name and a preview, and every character costs tokens.`,
    fix: 'Print less, or write a file and print its name.',
  },
  {
    seen: (hook) => hook.cutShort,
    make: problem,
    what: (_, times) => `it was ended before it finished (${times})`,
    why: 'The agent discards what the hook printed and goes on: a guard that times out guards nothing.',
    fix: 'Make the hook faster, or raise its time limit in the settings file.',
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
    `${nameOf(run)}: the same command ran twice for the same call (${times})`,
    'Two settings files contain it, but spelled differently: agents merge only identical text.',
    'Remove it from one file, or install both files again so that the text is the same.',
  );
  return shownBy(finding, run);
}
