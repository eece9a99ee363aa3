import { type CasesReport, hasFailed } from '../../../app/cases/case-report.ts';
import type { Place } from '../../../app/cases/hook-case.ts';
import { visible } from '../text.ts';
import { shownPath } from './shown-path.ts';

/**
 * What GitHub Actions shows beside the lines of the case files. Texts of hooks are escaped, so that none can be a command to
 * the workflow.
 * @param top the directory that GitHub's paths begin in
 */
export function annotationLines(report: CasesReport, top: string): string[] {
  const failed = report.results.filter(hasFailed).map(({ case: one, differences }) =>
    annotation(
      top,
      one.place,
      one.name,
      differences.map(({ what, expected, got }) => `${what}: expected ${expected}, got ${got}`),
    ),
  );
  const unread = report.problems.map(({ place, reason }) =>
    annotation(top, place, 'cannot be read', [reason]),
  );
  return [...failed, ...unread];
}

/** The same line, if it can be no command to the workflow: GitHub looks for them in all output. */
export const withoutCommand = (line: string): string =>
  line.replace(/^(\s*)::/, '$1| ::').replaceAll('##[', '## [');

function annotation(top: string, place: Place, title: string, lines: readonly string[]): string {
  const properties = [
    `file=${property(shownPath(top, place.path))}`,
    `line=${place.line}`,
    `col=${place.column}`,
    `title=${property(withoutCommand(visible(title)))}`,
  ];
  const message = lines.map(visible).map(withoutCommand).map(data).join('%0A');
  return `::error ${properties.join(',')}::${message}`;
}

const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
