import { formatCount, formatThings } from '../../format.ts';
import type { Notice } from '../../store/queries/overview.ts';
import {
  type HookProblems,
  MAX_CHARACTERS,
  type RepeatedRun,
} from '../../store/queries/problems.ts';
import { type FaultKind, type HookFault, hookFaults, troubleOf } from '../health/hook-troubles.ts';
import { ignoredAnswers } from '../health/ignored-answers.ts';
import { namesOf } from '../health/read-health.ts';
import { advice, type Check, type Finding, problem } from './finding.ts';

/** What the record says of hooks since a time. */
export interface RecordedHooks {
  readonly problems: readonly HookProblems[];
  readonly repeated: readonly RepeatedRun[];
  readonly notices: readonly Notice[];
  readonly since: string;
  readonly nowMs: number;
  /** The settings file of each hook of this name on this event. */
  readonly filesOf: (hookName: string, eventType: string) => readonly string[];
  readonly others: readonly Finding[];
}

/** Finds recorded executions that show what hooks do not do, the worst first. */
export function checkHooks(recorded: RecordedHooks): Check {
  const { problems, repeated, notices, since, nowMs, others } = recorded;
  const runs = problems.reduce((sum, hook) => sum + hook.runs, 0);
  const nameOf = namesOf(problems);
  const faults = [
    ...hookFaults(problems, nameOf),
    ...ignoredAnswers(notices, problems, since, nameOf, nowMs),
  ].sort((a, b) => b.weight - a.weight);
  const findings = [
    ...faults.map(findingOf),
    ...repeated.map((run) => repeatedOf(run, nameOf(run), recorded.filesOf)),
    ...others,
  ];
  const summary =
    runs === 0
      ? 'no executions in this time'
      : `${formatThings(runs, 'run')} of ${formatThings(problems.length, 'hook and event', 'hooks and events')}`;
  return { name: 'hooks', summary, findings };
}

/** Why each fault matters, and what to do about it. */
const WORDS: Readonly<Record<FaultKind, readonly [why: string, fix: string]>> = {
  cannot_start: [
    'Exit codes 126 and 127 block nothing: the agent goes on as if there were no hook.',
    'Correct the path, make the file executable, or name its interpreter. Agents start hooks with a minimal PATH.',
  ],
  fails_always: ['It does not do what it is there for.', 'Correct the hook, or remove it.'],
  odd_exit: [
    "If it meant to block, it didn't; if it crashed, the call went through unchecked.",
    'Exit 2, with the reason on stderr, to block; exit 0 to allow. If the guard itself can fail, let the agent block in that case ("onFailure": "block" in Claude Code).',
  ],
  cut_short: [
    'The agent discards what the hook printed and goes on: a guard that times out guards nothing.',
    'Make the hook faster, or raise its time limit in the settings file.',
  ],
  often_fails: ['It often does not do what it is there for.', 'Correct the hook.'],
  broken_json: [
    'Its stdout starts with { but is not one JSON object, so the agent drops the decision in it.',
    'Write one JSON object to stdout and nothing else: no second object, no log line. Send logs to stderr.',
  ],
  silent_block: [
    'The agent reads the reason from stderr. Without one it does not know what to change, and tries again.',
    'Write the reason to stderr before you exit 2.',
  ],
  long_output: [
    `Above ${formatCount(MAX_CHARACTERS)} characters the agent gets only a file name and a preview, and every character costs tokens.`,
    'Print less, or write a file and print its name.',
  ],
  ignored: [
    'The hook does not do what its author wanted.',
    'Correct the hook (docs/answers.md has the rules); type hookbus cleanup to clear this note.',
  ],
};

function findingOf(fault: HookFault): Finding {
  const { kind, harm, seen } = fault;
  const [why, fix] = WORDS[kind];
  const make = harm === 'unguarded' || harm === 'broken' ? problem : advice;
  const { item } = troubleOf(fault);
  const { latest } = seen;
  const shown = latest && { execution_id: latest.executionId, log_id: latest.logId };
  return { ...make(item.text, why, fix), ...shown, health: item };
}

function repeatedOf(run: RepeatedRun, name: string, filesOf: RecordedHooks['filesOf']): Finding {
  const { count, latest } = run;
  const files = filesOf(run.hookName, run.eventType);
  const make = files.length > 1 ? problem : advice;
  const finding = make(
    `${name} ran twice for the same call (${count === 1 ? 'once' : `${formatCount(count)} times`})`,
    ...whyTwice(files),
  );
  if (latest === null) return finding;
  return { ...finding, execution_id: latest.executionId, log_id: latest.logId };
}

/** The settings files were just read, so they say whether they have the hook twice. */
function whyTwice(files: readonly string[]): [why: string, fix: string] {
  const [first] = files;
  const distinct = [...new Set(files)];
  if (distinct.length > 1) {
    return [
      `These files have it, spelled differently: ${distinct.join(', ')}. Agents merge only identical text.`,
      'Remove it from one file, or install both files again so that the text is the same.',
    ];
  }
  if (files.length > 1) {
    return [
      `${first} has it ${files.length} times, and for this call several of them matched.`,
      'Remove one, or make their matchers differ.',
    ];
  }
  const where = first === undefined ? 'No settings file has it here' : `Only ${first} has it here`;
  return [
    `${where}, and only once: it may have been elsewhere then, or the agent called it twice.`,
    'Compare the two executions. Type hookbus hooks to see where the hook is now.',
  ];
}
