import { canBlock } from '../../../domain/events.ts';
import { formatThings } from '../../../format.ts';
import type { CensusEntry } from '../../hooks/census.ts';
import type { FileProblem } from '../../hooks/configured-hooks.ts';
import type { Off } from '../../hooks/switches.ts';
import { advice, type Check, type Finding, problem } from '../finding.ts';

/** What to say of hooks that stand in a file and do not run. */
const WORDS: Readonly<
  Record<Off['why'], { make: typeof problem; what: string; why: string; fix: string }>
> = {
  voided: {
    make: problem,
    what: 'does not run',
    why: 'The agent ignores it without a word, so it blocks nothing.',
    fix: 'Correct what is named here, then type hookbus hooks to see that it runs.',
  },
  policy: {
    make: advice,
    what: 'is locked',
    why: 'An administrator decides which hooks run on this machine.',
    fix: 'Ask your administrator, or remove the hook.',
  },
  untrusted: {
    make: problem,
    what: 'does not run',
    why: 'Codex skips a hook until you trust it, and again after each change of its command.',
    fix: 'Start codex in this project and type /hooks.',
  },
  disabled: {
    make: advice,
    what: 'is disabled',
    why: 'It stays off for everybody who uses this settings file.',
    fix: 'Remove the setting if you want the hook to run.',
  },
};

/**
 * Reports hooks that stand in a file but do not run, one finding for each cause.
 * @param reported files that another check reports
 */
export function checkOff(
  entries: readonly CensusEntry[],
  problems: readonly FileProblem[],
  reported: ReadonlySet<string>,
): Check {
  const causes = new Map<string, CensusEntry[]>();
  for (const entry of entries) {
    if (entry.off === undefined || reported.has(entry.off.path ?? '')) continue;
    const { why, reason, path, line } = entry.off;
    const key = JSON.stringify([entry.agent, why, reason, path, line]);
    causes.set(key, [...(causes.get(key) ?? []), entry]);
  }
  const unread = problems.filter(
    ({ path, hooks, reason }) => hooks === 0 && !reported.has(path) && reason !== '',
  );
  const findings = [...[...causes.values()].flatMap(offFinding), ...unread.map(unreadFinding)];
  const off = entries.filter((entry) => entry.off !== undefined).length;
  const summary =
    off === 0
      ? 'all of them run'
      : `${off} of ${formatThings(entries.length, 'hook')} ${off === 1 ? 'does' : 'do'} not run`;
  return { name: 'configured', summary: entries.length === 0 ? 'no hooks' : summary, findings };
}

function offFinding(entries: readonly CensusEntry[]): Finding[] {
  const [first] = entries;
  if (first?.off === undefined) return [];
  const { why, reason, path = first.path, line } = first.off;
  const { make, what, why: because, fix } = WORDS[why];
  const file = path === undefined ? first.title : line === undefined ? path : `${path}:${line}`;
  return [make(`${file}: ${namesOf(entries, what)}: ${reason}`, because, fix)];
}

/** `guard_rm on PreToolUse does not run`, or how many, and whether guards are among them. */
function namesOf(entries: readonly CensusEntry[], what: string): string {
  const [first] = entries;
  if (entries.length === 1 && first !== undefined) {
    return `${first.hookName || first.type || 'a hook'} on ${first.event} ${what}`;
  }
  const guards = entries.filter(({ event }) => canBlock(event)).length;
  const plural = what.replace(/^does/, 'do').replace(/^is/, 'are');
  const among = guards === 0 ? '' : `, ${guards} of them on events that a hook can block`;
  return `${formatThings(entries.length, 'hook')} ${plural}${among}`;
}

function unreadFinding({ path, line, reason }: FileProblem): Finding {
  const place = line === undefined ? path : `${path}:${line}`;
  return advice(
    `${place}: ${reason}`,
    'If it has hooks, they do not run.',
    'Correct it, or remove it.',
  );
}
