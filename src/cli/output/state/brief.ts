import { formatCount } from '../../../format.ts';
import { visible } from '../text.ts';
import type { StatusFacts } from './status.ts';

/**
 * What is wrong as one line: the worst in words, the rest as a number. Nothing if all is well, so that a prompt or the
 * start of a session can show it as it is. What is only worth knowing does not count.
 */
export function briefLines(report: StatusFacts): string[] {
  const wrong = [...recordingTroubles(report), ...healthTroubles(report)];
  const [worst] = wrong;
  if (worst === undefined) return [];
  const rest = wrong.length - 1;
  return [visible(rest === 0 ? worst : `${worst} (and ${formatCount(rest)} more)`)];
}

function recordingTroubles(report: StatusFacts): string[] {
  if (report.state_directory_problem !== null) return [report.state_directory_problem];
  return report.recording.flatMap(({ title, hooks, recorded, enabled }) => {
    if (hooks === 0) return [];
    const install = enabled ? 'hookbus install' : 'hookbus install --enable';
    if (recorded === 0) return [`no hook of ${title} is recorded: ${install}`];
    return enabled ? [] : [`recording is off for ${title}: hookbus enable`];
  });
}

const healthTroubles = ({ health }: StatusFacts): string[] =>
  health.flatMap(({ harm, text, fix }) =>
    harm === 'note' ? [] : [fix === null ? text : `${text}: ${fix}`],
  );
