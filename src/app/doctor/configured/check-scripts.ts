import type { CensusEntry } from '../../hooks/census.ts';
import { type Check, problem } from '../finding.ts';

/** Reports hooks whose script certainly does not exist. */
export function checkScripts(entries: readonly CensusEntry[]): Check {
  const findings = entries.flatMap(({ concern, reason, hookName, event, path, line }) =>
    concern === 'missing'
      ? problem(
          `${path}:${line}: ${hookName} on ${event} cannot start: ${reason}`,
          'A hook that cannot start blocks nothing in most agents; in some it blocks every call.',
          'Correct the path, or remove the hook.',
        )
      : [],
  );
  const summary = findings.length === 0 ? 'none is missing' : `${findings.length} missing`;
  return { name: 'scripts', summary, findings };
}
