import type { Check, DoctorReport, Finding } from '../../../app/doctor/finding.ts';
import { HARMS } from '../../../app/health/health-item.ts';
import { formatThings } from '../../../format.ts';
import type { Page, Tone } from '../page.ts';
import { columnsOf, hanging, pad, visible } from '../text.ts';

const MARKS = {
  ok: { word: 'ok', tone: 'good' },
  advice: { word: 'look', tone: 'warn' },
  problem: { word: 'bad', tone: 'bad' },
} as const satisfies Record<string, { word: string; tone: Tone }>;

/** One line for each check, then the findings, problems first. */
export function doctorLines(report: DoctorReport, page: Page): string[] {
  const width = Math.max(...report.checks.map(({ name }) => columnsOf(name)));
  const findings = report.checks.flatMap((check) => check.findings).sort(byHarm);
  const [problems, advice] = (['problem', 'advice'] as const).map((severity) =>
    findings.filter((finding) => finding.severity === severity),
  );
  return [
    `${page.paint(`HookBus ${report.version}`, 'strong')}: ${conclusion(report, page)}`,
    '',
    ...report.checks.flatMap((check) => checkLines(check, width, page)),
    ...section('Problems', problems ?? [], 'bad', page),
    ...section('Advice', advice ?? [], 'warn', page),
  ];
}

/** A guard that does not guard comes first, then what else is wrong with hooks, as in `status`. */
function byHarm(a: Finding, b: Finding): number {
  const rank = ({ health }: Finding): number =>
    health === undefined ? HARMS.length : HARMS.indexOf(health.harm);
  return rank(a) - rank(b);
}

function conclusion({ problems, advice }: DoctorReport, page: Page): string {
  const hints = advice === 0 ? '' : `${formatThings(advice, 'piece', 'pieces')} of advice`;
  if (problems > 0) {
    const found = page.paint(formatThings(problems, 'problem'), 'bad');
    return hints === '' ? found : `${found}, ${hints}`;
  }
  const well = page.paint('no problems found', 'good');
  return hints === '' ? well : `${well}, ${hints}`;
}

function stateOf({ findings }: Check): keyof typeof MARKS {
  if (findings.some(({ severity }) => severity === 'problem')) return 'problem';
  return findings.length > 0 ? 'advice' : 'ok';
}

function checkLines(check: Check, width: number, page: Page): string[] {
  const { word, tone } = MARKS[stateOf(check)];
  const mark = `  ${page.paint(pad(word, 5), tone)}${pad(check.name, width)}  `;
  return hanging(mark, visible(check.summary), page);
}

function section(title: string, findings: readonly Finding[], tone: Tone, page: Page): string[] {
  if (findings.length === 0) return [];
  return [
    '',
    page.paint(title, tone),
    ...findings.flatMap((finding) => findingLines(finding, page)),
  ];
}

function findingLines(finding: Finding, page: Page): string[] {
  const { what, why, fix, log_id } = finding;
  const show = log_id === undefined ? [] : [`see: hookbus show ${log_id}`];
  return [
    ...hanging('- ', visible(what), page),
    ...hanging('  ', visible(why), page, 'dim'),
    ...hanging('  > ', visible(fix), page),
    ...show.flatMap((text) => hanging('    ', text, page)),
  ];
}
