import type { StatusReport } from '../../../app/reading/read-status.ts';
import type { DaemonState } from '../../../daemon/state.ts';
import { HOUR_MS } from '../../../domain/time.ts';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatMs,
  formatPercent,
  formatThings,
  NOTHING,
} from '../../../format.ts';
import type { Graded, HookMetrics } from '../../../metrics/report.ts';
import type { Page, Tone } from '../page.ts';
import { hanging, pad, visible } from '../text.ts';
import { openAlertTexts } from './alerts.ts';
import { type ExporterFacts, exporterText } from './exporters.ts';
import { skippedGuardTexts } from './skipped-guards.ts';
import {
  configProblemLines,
  gateLines,
  noticeLines,
  problemLines,
  quarantineLines,
  titled,
} from './status-lists.ts';
import { GRADE_TONES } from './status-words.ts';

/** If an execution started within this time, an agent may be recording now. */

/** The width of the names on the left. */
const NAME_COLUMNS = 11;

/** The status report, and what the daemon reports. */
export interface StatusFacts extends StatusReport {
  readonly shared_keys?: readonly {
    readonly url: string;
    readonly state: 'connected' | 'unreachable';
    readonly last_error: string | null;
    readonly failures: number;
  }[];
  /** The exporters that config.json switches on. */
  readonly exporters?: readonly ExporterFacts[];
  /** `network.ca_file`, if a daemon has read it. */
  readonly certificates?: DaemonState['certificates'];
}

/** The status, the most important first. */
export function statusLines(report: StatusFacts, page: Page): string[] {
  return [
    ...switchLines(report, page),
    '',
    ...field('directory', directoryText(report), page, directoryTone(report)),
    ...field('database', databaseText(report, page), page, databaseTone(report)),
    ...field('spool', spoolText(report), page),
    ...field('payloads', payloadsText(report), page),
    ...field('retention', retentionText(report), page),
    ...field('daemon', daemonText(report), page),
    ...(report.shared_keys ?? []).flatMap((server) => sharedLines(server, page)),
    ...keyServerLines(report, page),
    ...(report.exporters ?? []).flatMap((exporter) => exporterLines(exporter, page)),
    ...certificateLines(report, page),
    ...field('alerts', alertsText(report), page, report.alerts.open.length > 0 ? 'bad' : undefined),
    ...glanceLines(report, page),
    ...titled(
      'Guards that were skipped, so they refused nothing',
      skippedGuardTexts(report.skipped_guards, page.nowMs),
      page,
    ),
    ...titled('Open alerts', openAlertTexts(otherAlerts(report), page), page),
    ...gateLines(report, page),
    ...titled('Hooks got a state directory that is not trusted', refusedTexts(report), page),
    ...configProblemLines(report, page),
    ...problemLines(report, page),
    ...noticeLines(report, page),
    ...quarantineLines(report, page),
  ];
}

function switchLines(report: StatusReport, page: Page): string[] {
  const { version, enabled, database, state_directory_problem } = report;
  const name = page.paint(`HookBus ${version}`, 'strong');
  if (enabled && state_directory_problem !== null) {
    return [
      `${name} is ON in this shell but records ${page.paint('NOTHING', 'bad')}: it does not trust its state directory.`,
    ];
  }
  if (enabled) return [`${name} is ${page.paint('ON', 'good')} in this shell.`];
  const { newest } = database;
  const isFresh = newest !== null && page.nowMs - Date.parse(newest) < HOUR_MS;
  const elsewhere = isFresh
    ? [
        `It may be on elsewhere: the last execution started ${formatAge(new Date(newest), page.nowMs)}.`,
      ]
    : [];
  return [
    `${name} is ${page.paint('OFF', 'warn')} in this shell: hooks run unrecorded. To switch it on:`,
    '  Claude Code  "env": { "HOOKBUS_ENABLED": "1" }  in ~/.claude/settings.json',
    '  this shell   export HOOKBUS_ENABLED=1',
    ...elsewhere,
  ];
}

function sharedLines(
  server: NonNullable<StatusFacts['shared_keys']>[number],
  page: Page,
): string[] {
  const { url, state, last_error } = server;
  if (state === 'connected') return field('keys', `shared through ${url}`, page);
  const reason = last_error === null ? '' : ` (${last_error})`;
  const text = `${url} is unreachable${reason}; until it is back, dedupe keys are valid on this machine only`;
  return field('keys', text, page, 'warn');
}

function keyServerLines({ key_server_problems }: StatusReport, page: Page): string[] {
  return key_server_problems.flatMap(({ what, fix }) =>
    field('keys', `${what}. ${fix}`, page, 'bad'),
  );
}

function exporterLines(exporter: ExporterFacts, page: Page): string[] {
  const isWell = exporter.state === 'working' || exporter.state === 'starting';
  return field('export', exporterText(exporter), page, isWell ? undefined : 'warn');
}

function certificateLines({ certificates }: StatusFacts, page: Page): string[] {
  const { file, last_error = null } = certificates ?? {};
  if (last_error === null) return [];
  const text = `${file} cannot be used (${last_error}); the daemon uses the default certificates`;
  return field('network', text, page, 'warn');
}

/** Skipped guards have their own list, with more details. */
const otherAlerts = ({ alerts }: StatusReport) =>
  alerts.open.filter(({ rule }) => rule !== 'guard_skipped');

const refusedTexts = ({ refused_directory_problem }: StatusReport): string[] =>
  refused_directory_problem === null ? [] : [refused_directory_problem];

const directoryTone = ({ state_directory_problem }: StatusReport): Tone | undefined =>
  state_directory_problem === null ? undefined : 'bad';

function directoryText(report: StatusReport): string {
  const { state_directory, state_directory_exists, state_directory_problem } = report;
  if (state_directory_problem !== null) return state_directory_problem;
  if (state_directory === null) {
    return 'none: neither HOOKBUS_HOME nor HOME is set, so nothing is recorded';
  }
  return state_directory_exists ? state_directory : `${state_directory} (not created yet)`;
}

function databaseText({ database }: StatusReport, page: Page): string {
  const { state, reason, bytes, executions, oldest } = database;
  const unredacted = database.executions_unredacted;
  if (state === 'absent') return 'none yet: the first execution creates it';
  if (state === 'newer') return `not used: ${reason}; executions wait in the spool`;
  if (state === 'unusable') return `${reason}`;
  const secrets = unredacted === 0 ? '' : `, ${formatCount(unredacted)} with unredacted secrets`;
  const size = `${formatThings(executions, 'execution')}, ${formatBytes(bytes)}${secrets}`;
  return oldest === null
    ? size
    : `${size}, the oldest started ${formatAge(new Date(oldest), page.nowMs)}`;
}

function databaseTone({ database }: StatusReport): Tone | undefined {
  return database.state === 'newer' || database.state === 'unusable' ? 'bad' : undefined;
}

function spoolText({ spool }: StatusReport): string {
  const { waiting, running, unreadable, drained, problem } = spool;
  // If the spool cannot be read, nobody knows what waits in it.
  const none = problem === null ? 'nothing waits' : '';
  const parts = [
    waiting === 0 ? none : formatThings(waiting, 'execution waits', 'executions wait'),
    running === 0 ? '' : `${formatCount(running)} running now`,
    drained === 0 ? '' : `${formatCount(drained)} just ingested`,
    unreadable === 0 ? '' : `${formatThings(unreadable, 'unreadable record')} in spool/unreadable`,
    problem === null ? '' : `cannot be ingested: ${problem}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function payloadsText({ payloads }: StatusReport): string {
  const { stored, only, max_bytes, compressed, redacted } = payloads;
  if (!stored) return 'not stored (to store them: HOOKBUS_STORE_RAW=1)';
  const which = only === null ? '' : ` of ${only.join(', ')} only`;
  return `stored${which}, up to ${formatBytes(max_bytes)} of each stream, ${compressed ? '' : 'not '}compressed, ${redacted ? 'secrets redacted' : 'secrets not redacted (HOOKBUS_REDACT=0, and redact in config.json)'}`;
}

function retentionText({ retention_days }: StatusReport): string {
  return `${formatThings(retention_days, 'day')}; \`hookbus cleanup\` deletes what is older`;
}

function daemonText({ daemon }: StatusReport): string {
  return daemon === 'off'
    ? 'off: each `hookbus` command ingests the spool'
    : 'auto: the launcher starts it on demand';
}

function alertsText({ alerts, database }: StatusReport): string {
  if (!alerts.enabled) return 'off (to switch them on: hookbus config set alerts.enabled true)';
  if (database.state === 'newer' || database.state === 'unusable') return NOTHING;
  const { length } = alerts.open;
  return length === 0 ? 'none open' : `${formatCount(length)} open; \`hookbus alerts\` lists them`;
}

function glanceLines({ last_24_hours, database }: StatusReport, page: Page): string[] {
  if (database.state !== 'ready') return [];
  const title = page.paint('Last 24 hours', 'strong');
  const { executions, runs, failures, failure_rate, overhead, hooks } = last_24_hours;
  if (executions === 0) return ['', `${title}: no executions`];
  const { p50, p95 } = overhead.grades;
  const failed = `${formatCount(failures)} (${formatPercent(failure_rate.value)})`;
  return [
    '',
    title,
    ...field('runs', formatCount(runs), page),
    `${nameOf('failures', page)}${graded(failed, failure_rate, page)}`,
    ...field('refusals', refusalsText(last_24_hours), page),
    `${nameOf('overhead', page)}P50 ${beyond(formatMs(p50.value), p50, page)}, P95 ${beyond(formatMs(p95.value), p95, page)}, measured from inside`,
    ...field('slowest', slowestText(hooks), page),
  ];
}

/** The targets are for the caller, who sees more. So a figure measured from inside can only be shown to miss them. */
function beyond(figure: string, whole: Graded, page: Page): string {
  return whole.grade === 'ok' ? figure : graded(figure, whole, page);
}

function graded(figure: string, { grade }: Graded, page: Page): string {
  return grade === null ? figure : `${figure} ${page.paint(grade, GRADE_TONES[grade])}`;
}

/** How many, and by which hook most. */
function refusalsText({ denied, hooks }: StatusReport['last_24_hours']): string {
  const [most] = [...hooks].sort((a, b) => b.denied - a.denied);
  if (most === undefined || denied === 0) return 'none';
  const on = most.event_type === '' ? '' : ` on ${most.event_type}`;
  const whose = most.denied === denied ? 'all' : formatCount(most.denied);
  return `${formatCount(denied)}, ${whose} by ${most.hook_name}${on}`;
}

function slowestText(hooks: readonly HookMetrics[]): string {
  const slowest = [...hooks].sort((a, b) => (b.p95_ms ?? 0) - (a.p95_ms ?? 0))[0];
  if (slowest === undefined || slowest.p95_ms === null) return NOTHING;
  const { hook_name, event_type, p95_ms, runs } = slowest;
  const on = event_type === '' ? '' : ` on ${event_type}`;
  return `${hook_name}${on}, P95 ${formatMs(p95_ms)} in ${formatThings(runs, 'run')}`;
}

function field(name: string, text: string, page: Page, tone?: Tone): string[] {
  return hanging(nameOf(name, page), visible(text), page, tone);
}

function nameOf(name: string, page: Page): string {
  return `  ${page.paint(pad(name, NAME_COLUMNS), 'dim')}`;
}
