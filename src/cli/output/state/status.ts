import { isOff, isOn } from '../../../agents/settings/env-block.ts';
import type { AgentRecording } from '../../../app/health/read-recording.ts';
import type { StatusReport } from '../../../app/reading/read-status.ts';
import type { DaemonState } from '../../../daemon/state.ts';
import { waitsForHooks } from '../../../domain/events.ts';
import {
  formatBytes,
  formatCount,
  formatMs,
  formatPercent,
  formatThings,
  NOTHING,
  withoutZeros,
} from '../../../format.ts';
import type { Graded, HookMetrics } from '../../../metrics/report.ts';
import type { Page, Tone } from '../page.ts';
import { hanging, pad, visible } from '../text.ts';
import { type ExporterFacts, exporterText } from './exporters.ts';
import { healthLines } from './health.ts';
import { recordingLines, shortPath } from './recording.ts';
import { GRADE_TONES } from './status-words.ts';

/** The width of the names on the left. */
const NAME_COLUMNS = 11;

/** What fits a terminal of the usual size. */
const MAX_LINES = 24;

/** The status report, and what the daemon reports. */
export interface StatusFacts extends StatusReport {
  readonly shared_keys?: readonly {
    readonly url: string;
    readonly state: 'connected' | 'unreachable';
    readonly last_error: string | null;
    readonly failures: number;
  }[];
  /** One entry for each agent that has settings files here. */
  readonly recording: readonly AgentRecording[];
  /** Null if none answers. */
  readonly daemon_process: { readonly pid: number; readonly version: string } | null;
  /** The exporters that config.json switches on. */
  readonly exporters?: readonly ExporterFacts[];
  /** `network.ca_file`, if a daemon has read it. */
  readonly certificates?: DaemonState['certificates'];
}

/** The status in the order of what people ask: is it on, what is broken, what was refused, what costs time. */
export function statusLines(report: StatusFacts, home: string | undefined, page: Page): string[] {
  const head = recordingLines(report, home, page);
  const glance = glanceLines(report, page);
  const tail = [...glance, ...(glance.length === 0 ? [] : ['']), ...stateLines(report, home, page)];
  const title = report.health.length === 0 ? [] : ['', page.paint('What is wrong', 'strong')];
  const room = MAX_LINES - head.length - title.length - tail.length - 1;
  return [...head, ...title, ...healthLines(report.health, room, page), '', ...tail];
}

function glanceLines({ last_24_hours, database }: StatusReport, page: Page): string[] {
  if (database.state !== 'ready') return [];
  const title = page.paint('Last 24 hours', 'strong');
  const { executions, runs, hooks, overhead } = last_24_hours;
  if (executions === 0) return [`${title}: no executions`];
  const { p50, p95 } = overhead.grades;
  return [
    title,
    ...field('runs', formatCount(runs), page),
    ...field('failures', failuresText(last_24_hours), page),
    ...field('refusals', refusalsText(last_24_hours), page),
    ...field('time', timeText(hooks), page),
    `${nameOf('overhead', page)}P50 ${beyond(formatMs(p50.value), p50, page)}, P95 ${beyond(formatMs(p95.value), p95, page)}, measured from inside`,
  ];
}

function stateLines(report: StatusFacts, home: string | undefined, page: Page): string[] {
  const { spool } = report;
  return [
    ...field('database', databaseText(report), page, databaseTone(report)),
    ...(spool.waiting + spool.unreadable > 0 || spool.problem !== null
      ? field('spool', spoolText(report), page, 'warn')
      : []),
    ...offLines(report, page),
    ...field('daemon', daemonText(report), page),
    ...alertLines(report, page),
    ...breakerLines(report, page),
    ...protectedLines(report, page),
    ...(report.shared_keys ?? []).flatMap((server) => sharedLines(server, page)),
    ...(report.exporters ?? []).flatMap((exporter) => exporterLines(exporter, page)),
    ...certificateLines(report, page),
    ...field('directory', directoryText(report, home), page),
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

function alertLines({ alerts }: StatusReport, page: Page): string[] {
  const { length } = alerts.open;
  if (!alerts.enabled) return field('alerts', 'off (hookbus config set alerts.enabled true)', page);
  return length === 0
    ? []
    : field('alerts', `${formatCount(length)} open; \`hookbus alerts\` lists them`, page);
}

/** Said here too: above, worse things may leave no room for a hook that somebody switched off. */
function offLines({ gates }: StatusReport, page: Page): string[] {
  const names = [...new Set(gates.flatMap((gate) => (gate.state === 'off' ? gate.hook_name : [])))];
  return names.length === 0
    ? []
    : field('off', `${names.join(', ')}: by hand; \`hookbus on\` switches it on`, page, 'warn');
}

/** What a breaker would do for hooks that keep failing. */
function breakerLines({ breaker }: StatusReport, page: Page): string[] {
  const names = [...new Set(breaker.recommended.map(({ hook_name }) => hook_name))];
  if (names.length === 0) return [];
  const text = `would skip ${names.join(', ')} for a while: hookbus config set breaker.enabled true`;
  return field('breakers', text, page);
}

function protectedLines({ policy }: StatusReport, page: Page): string[] {
  const names = policy.protected_hooks;
  if (names.length === 0) return [];
  const which = names.includes('*')
    ? 'every hook'
    : [...names, 'and every hook without --name'].join(', ');
  return field('protected', `${which}, by root (/etc/hookbus/policy.json)`, page);
}

function directoryText(report: StatusReport, home: string | undefined): string {
  const { state_directory, state_directory_exists } = report;
  if (state_directory === null) return 'none: neither HOOKBUS_HOME nor HOME is set';
  const path = shortPath(state_directory, home);
  return state_directory_exists ? path : `${path} (not created yet)`;
}

function databaseText(report: StatusFacts): string {
  const { database } = report;
  const { state, reason, bytes, executions } = database;
  if (state === 'absent') return 'none yet: the first execution creates it';
  if (state === 'newer') return `not used: ${reason}; executions wait in the spool`;
  if (state === 'unusable') return `${reason}`;
  return `${formatThings(executions, 'execution')}, ${formatBytes(bytes)}, kept for ${keptText(report)}`;
}

function databaseTone({ database }: StatusReport): Tone | undefined {
  return database.state === 'newer' || database.state === 'unusable' ? 'bad' : undefined;
}

/** What is stored of an execution, and for how long. */
function keptText(report: StatusFacts): string {
  const { payloads, retention_days, database } = report;
  const unredacted = database.executions_unredacted;
  const secrets =
    unredacted === 0 ? '' : `; ${formatThings(unredacted, 'execution')} with unredacted secrets`;
  const days = formatThings(retention_days, 'day');
  const stored = storedWords(report);
  if (stored === undefined) return `${days} without payloads${secrets}`;
  const open = payloads.redacted
    ? ''
    : ', secrets not redacted (HOOKBUS_REDACT=0, and redact in config.json)';
  return `${days} with payloads${stored}, up to ${formatBytes(payloads.max_bytes)} a stream${open}${secrets}`;
}

/** Which payloads, by the settings files, else by this shell; undefined: none. */
function storedWords({ recording, payloads: { stored, only } }: StatusFacts): string | undefined {
  const set = recording.find(({ payloads }) => payloads !== null)?.payloads ?? null;
  if (set !== null) return isOff(set) ? undefined : isOn(set) ? '' : ` of ${set}`;
  if (!stored) return undefined;
  return only === null ? '' : ` of ${only.join(', ')}`;
}

function spoolText({ spool }: StatusReport): string {
  const { waiting, unreadable, problem } = spool;
  const parts = [
    waiting === 0 ? '' : formatThings(waiting, 'execution waits', 'executions wait'),
    unreadable === 0 ? '' : `${formatThings(unreadable, 'unreadable record')} in spool/unreadable`,
    problem === null ? '' : `cannot be ingested: ${problem}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function daemonText({ daemon, daemon_process }: StatusFacts): string {
  if (daemon_process !== null) {
    const { pid, version } = daemon_process;
    return `running (process ${pid}, version ${version})`;
  }
  return daemon === 'off'
    ? 'off (HOOKBUS_DAEMON): each `hookbus` command ingests the spool'
    : 'not running; the next hook starts it';
}

/** The targets are for the caller, who sees more. So a figure measured from inside can only be shown to miss them. */
function beyond(figure: string, whole: Graded, page: Page): string {
  if (whole.grade === 'ok' || whole.grade === null) return figure;
  return `${figure} ${page.paint(whole.grade, GRADE_TONES[whole.grade])}`;
}

type Day = StatusReport['last_24_hours'];

const eventOf = ({ event_type }: HookMetrics): string =>
  event_type === '' ? '' : ` on ${event_type}`;

/** How many, and of which hook most. */
function failuresText({ failures, failure_rate, hooks }: Day): string {
  const of = ({ error, timeout }: HookMetrics): number => error + timeout;
  const [most] = [...hooks].sort((a, b) => of(b) - of(a));
  if (most === undefined || failures === 0) return 'none';
  const whose = of(most) === failures ? 'all' : `${formatCount(of(most))} of them`;
  return `${formatCount(failures)} (${formatPercent(failure_rate.value)}), ${whose} ${most.hook_name}`;
}

/** How many, and by which hook most. */
function refusalsText({ denied, hooks }: Day): string {
  const [most] = [...hooks].sort((a, b) => b.denied - a.denied);
  if (most === undefined || denied === 0) return 'none';
  const whose = most.denied === denied ? 'all' : formatCount(most.denied);
  return `${formatCount(denied)}, ${whose} by ${most.hook_name}${eventOf(most)}`;
}

/** How long hooks ran that agents wait for, and which took most of it. */
function timeText(hooks: readonly HookMetrics[]): string {
  const waited = hooks.filter(({ event_type }) => waitsForHooks(event_type));
  const total = waited.reduce((sum, { total_ms }) => sum + total_ms, 0);
  const [most] = [...waited].sort((a, b) => b.total_ms - a.total_ms);
  if (most === undefined || total === 0) return NOTHING;
  const { hook_name, total_ms, runs, p95_ms } = most;
  return `${duration(total)} in hooks, ${duration(total_ms)} of it ${hook_name} (${formatThings(runs, 'run')}, P95 ${formatMs(p95_ms)})`;
}

const duration = (ms: number): string => withoutZeros(formatMs(ms));

function field(name: string, text: string, page: Page, tone?: Tone): string[] {
  return hanging(nameOf(name, page), visible(text), page, tone);
}

function nameOf(name: string, page: Page): string {
  return `  ${page.paint(pad(name, NAME_COLUMNS), 'dim')}`;
}
