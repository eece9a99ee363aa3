import { type CaseResult, type CasesReport, hasFailed } from '../../../app/cases/case-report.ts';
import { visibleLines } from '../text.ts';
import { shownPath } from './shown-path.ts';

/** The report that CI systems read: a test suite for each file, and a test case for each case. */
export function junitText(report: CasesReport): string {
  const suites = new Map<string, string[]>();
  const failed = new Map<string, number>();
  const add = (path: string, isFailed: boolean, text: string): void => {
    suites.set(path, [...(suites.get(path) ?? []), text]);
    failed.set(path, (failed.get(path) ?? 0) + (isFailed ? 1 : 0));
  };
  for (const result of report.results) {
    add(result.case.place.path, hasFailed(result), caseText(result, report.base));
  }
  for (const { place, reason } of report.problems) {
    const name = `line ${place.line}, column ${place.column}`;
    const failure = element('failure', { message: reason, type: 'unreadable' }, '');
    add(place.path, true, element('testcase', { name, ...fileOf(place, report.base) }, failure));
  }
  const body = [...suites].map(([path, cases]) =>
    element(
      'testsuite',
      {
        name: shownPath(report.base, path),
        tests: String(cases.length),
        failures: String(failed.get(path) ?? 0),
      },
      cases.join('\n'),
    ),
  );
  const time = seconds(report.durationMs);
  const suite = element('testsuites', { name: 'hookbus test', time }, body.join('\n'));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suite}\n`;
}

function caseText({ case: one, differences, runs, outcome }: CaseResult, base: string): string {
  const failures = differences.map(({ what, expected, got }) =>
    element('failure', { message: `${what}: expected ${expected}, got ${got}`, type: what }, ''),
  );
  const stderr = runs.map(({ end }) => Buffer.from(end.stderrTail).toString('utf8')).join('');
  const output = stderr === '' ? [] : [element('system-err', {}, escaped(lines(stderr)))];
  const attributes = {
    name: one.name,
    classname: shownPath(base, one.place.path).replace(/\.json$/, ''),
    ...fileOf(one.place, base),
    time: seconds(outcome.durationMs),
  };
  return element('testcase', attributes, [...failures, ...output].join('\n'));
}

const fileOf = ({ path, line }: { path: string; line: number }, base: string) => ({
  file: shownPath(base, path),
  line: String(line),
});

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

/** Readers of XML refuse most control characters, even when they are written as numbers. */
const lines = (text: string): string => visibleLines(text).join('\n');

function element(name: string, attributes: Readonly<Record<string, string>>, body: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attribute(value)}"`);
  const start = `<${name}${written.join('')}`;
  if (body === '') return `${start}/>`;
  return body.startsWith('<') ? `${start}>\n${body}\n</${name}>` : `${start}>${body}</${name}>`;
}

const attribute = (text: string): string => escaped(lines(text)).replaceAll('\n', '&#10;');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
