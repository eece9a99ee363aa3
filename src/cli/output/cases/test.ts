import {
  type CaseResult,
  type CasesReport,
  failures,
  hasFailed,
} from '../../../app/cases/case-report.ts';
import type { HookRun } from '../../../app/cases/outcome.ts';
import { formatMs, formatThings } from '../../../format.ts';
import type { Page } from '../page.ts';
import { columnsOf, hanging, pad, visible, visibleLines } from '../text.ts';
import { shownPath } from './shown-path.ts';

/** Cases for programs. */
export function casesJson(report: CasesReport) {
  const { files, results, problems, durationMs } = report;
  return {
    files,
    cases: results.length + problems.length,
    passed: results.filter((result) => !hasFailed(result)).length,
    failed: failures(report),
    duration_ms: durationMs,
    results: results.map((result) => ({
      ...result.case.place,
      name: result.case.name,
      agent: result.case.agent,
      event_type: result.case.event,
      tool_name: result.case.tool ?? null,
      passed: !hasFailed(result),
      decision: result.outcome.decision,
      decision_reason: result.outcome.reasons.join('\n') || null,
      context: result.outcome.context || null,
      changed_input: result.outcome.input ?? null,
      changed_output: result.outcome.output ?? null,
      duration_ms: result.outcome.durationMs,
      hooks: result.runs.map(({ hook, answer, end }) => ({
        hook_name: hook.hookName,
        path: hook.path,
        line: hook.line,
        decision: answer.decision,
        exit_code: end.exitCode ?? null,
        signal: end.signal ?? null,
        duration_ms: end.durationMs ?? null,
      })),
      differences: result.differences,
      notes: result.notes,
    })),
    problems: problems.map(({ place, reason }) => ({ ...place, reason })),
  };
}

/** Cases for people: a line for each file, then whatever failed in full, then the count. */
export function casesLines(report: CasesReport, page: Page): string[] {
  const failed = report.results.filter(hasFailed);
  const noted = report.results.filter((result) => !hasFailed(result) && result.notes.length > 0);
  return [
    ...fileLines(report, page),
    ...report.problems.flatMap(({ place, reason }) => [
      '',
      ...heading(report, place, 'cannot be read', page),
      ...hanging('  ', visible(reason), page),
    ]),
    ...failed.flatMap((result) => ['', ...failureLines(result, report, page)]),
    ...(noted.length === 0 ? [] : ['']),
    ...noted.flatMap((result) => noteLines(result, report, page)),
    '',
    summary(report, page),
  ];
}

function fileLines({ results, problems, base }: CasesReport, page: Page): string[] {
  const files = new Map<string, { total: number; failed: number; ms: number }>();
  const count = (path: string, isFailed: boolean, ms: number): void => {
    const file = files.get(path) ?? { total: 0, failed: 0, ms: 0 };
    files.set(path, {
      total: file.total + 1,
      failed: file.failed + (isFailed ? 1 : 0),
      ms: file.ms + ms,
    });
  };
  for (const result of results) {
    count(result.case.place.path, hasFailed(result), result.outcome.durationMs);
  }
  for (const { place } of problems) count(place.path, true, 0);
  const shown = [...files].map(([path, file]) => ({ path: shownPath(base, path), ...file }));
  const width = Math.min(Math.max(...shown.map(({ path }) => columnsOf(path))), page.columns - 36);
  return shown.map(({ path, total, failed, ms }) => {
    const mark = failed > 0 ? page.paint('✗', 'bad') : page.paint('✓', 'good');
    const cases = formatThings(total, 'case');
    const text = failed > 0 ? page.paint(`${failed} of ${cases} failed`, 'bad') : cases;
    return `${mark} ${pad(path, width)}  ${text}  ${page.paint(formatMs(ms), 'dim')}`;
  });
}

const heading = (
  { base }: CasesReport,
  { path, line, column }: { path: string; line: number; column?: number },
  name: string,
  page: Page,
): string[] => {
  const at = `${shownPath(base, path)}:${line}${column === undefined ? '' : `:${column}`}`;
  return hanging(`${page.paint('✗', 'bad')} `, `${at}  ${visible(name)}`, page, 'strong');
};

/** More of a long text says nothing new. */
const MAX_TEXT = 600;
const MAX_STDERR_LINES = 5;

function failureLines(result: CaseResult, report: CasesReport, page: Page): string[] {
  const { place, name } = result.case;
  const { path, line } = place;
  return [
    ...heading(report, { path, line }, name, page),
    ...result.differences.flatMap(({ what, expected, got }) => [
      ...textLines(`  ${pad(what, 9)}  expected  `, expected, page, 'good'),
      ...textLines(`  ${pad('', 9)}  got       `, got, page, 'bad'),
    ]),
    ...result.runs.flatMap((run) => runLines(run, report, page)),
    ...result.notes.flatMap((note) => hanging('  note       ', visible(note), page, 'dim')),
  ];
}

function textLines(mark: string, text: string, page: Page, tone: 'good' | 'bad'): string[] {
  const clipped = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return hanging(mark, visible(clipped), page, tone);
}

function runLines(run: HookRun, { base }: CasesReport, page: Page): string[] {
  const { hook, answer, end } = run;
  const how = end.exitCode === undefined ? (end.signal ?? '') : `exit ${end.exitCode}`;
  const where = `${shownPath(base, hook.path)}:${hook.line}`;
  const took = formatMs(end.durationMs);
  const text = `${hook.hookName} (${where}): ${answer.decision}, ${how}, ${took}`;
  const stderr = visibleLines(Buffer.from(end.stderrTail).toString('utf8').trimEnd());
  return [
    ...hanging('  ran        ', visible(text), page),
    ...stderr
      .slice(-MAX_STDERR_LINES)
      .flatMap((line) => hanging('    stderr   ', line, page, 'dim')),
  ];
}

function noteLines({ case: one, notes }: CaseResult, { base }: CasesReport, page: Page): string[] {
  const where = `${shownPath(base, one.place.path)}:${one.place.line}`;
  return notes.flatMap((note) => hanging('note: ', visible(`${where}: ${note}`), page, 'dim'));
}

function summary(report: CasesReport, page: Page): string {
  const total = report.results.length + report.problems.length;
  const failed = failures(report);
  const passed = total - failed;
  const counts = [
    formatThings(total, 'case'),
    page.paint(`${passed} passed`, passed > 0 ? 'good' : undefined),
    ...(failed > 0 ? [page.paint(`${failed} failed`, 'bad')] : []),
  ];
  return `${counts.join(', ')} in ${formatMs(report.durationMs)}`;
}
