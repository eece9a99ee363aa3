import type { End } from '../../domain/record.ts';

/** What programs write when they fail; a hook that goes on after that reports success all the same. */
const TRACES: readonly (readonly [RegExp, string])[] = [
  [/^Traceback \(most recent call last\):$/m, 'a traceback'],
  [/^(?:\S+: )?(?:line )?(?:\d+: )?\S+: (?:command )?not found$/m, '"command not found"'],
  [/^(?:Uncaught )?[A-Z]\w*Error\b.*\n\s+at .+:\d+:\d+\)?$/m, 'a stack trace'],
];

/** A failure that the exit code hides: exit 0, and stderr shows a fault of the hook itself. */
export function hiddenFailure({ kind, exitCode, stderrTail }: End): string | undefined {
  if (kind !== 'exited' || exitCode !== 0 || stderrTail.length === 0) return undefined;
  const text = Buffer.from(stderrTail).toString('utf8');
  const found = TRACES.find(([pattern]) => pattern.test(text));
  return (
    found && `exit code 0, but ${found[1]} on stderr: it may have failed without anybody noticing`
  );
}
