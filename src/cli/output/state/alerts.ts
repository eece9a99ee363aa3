import type { AlertReport } from '../../../app/alerts/alert-report.ts';
import type { AlertsReport } from '../../../app/alerts/read-alerts.ts';
import { formatMoment, formatMs, formatThings, NOTHING } from '../../../format.ts';
import type { Page } from '../page.ts';
import { BELOW_INDENT, type Column, createTable, type Row } from '../table.ts';
import { hanging, visible, wrap } from '../text.ts';

export interface AlertsFacts extends AlertsReport {
  /** Whether a daemon runs; only the daemon checks alerts. */
  readonly watching: boolean;
  /** Null without --history. */
  readonly history: readonly AlertReport[] | null;
}

/** How many alerts are shown; --json has them all. */
const MAX_ROWS = 50;

const COLUMNS: readonly Column[] = [
  { title: 'OPENED' },
  { title: 'STATE' },
  { title: 'LASTED', align: 'right' },
  { title: 'RULE' },
  { title: 'ABOUT', minWidth: 10 },
];

/** Alerts, the latest first, each with its text below. */
export function alertsLines(report: AlertsFacts, page: Page): string[] {
  const alerts = report.history ?? report.open;
  const rest = alerts.length - MAX_ROWS;
  return [
    ...(alerts.length === 0
      ? [page.paint(emptyText(report), report.enabled ? 'good' : undefined)]
      : tableOf(alerts.slice(0, MAX_ROWS), page)),
    ...(rest > 0 ? [`… and ${formatThings(rest, 'alert')} more; --json has them all`] : []),
    ...remarks(report).flatMap((text) => ['', ...wrap(text, page.columns)]),
  ];
}

function emptyText({ enabled, history, watching }: AlertsFacts): string {
  if (!enabled) return 'Alerts are off, and none is open.';
  if (history !== null) return 'No alert is recorded.';
  return watching ? 'No alert is open: all is well.' : 'No alert is open.';
}

/** An alert's text has its numbers and times at the end, so it is never cut. */
function tableOf(alerts: readonly AlertReport[], page: Page): string[] {
  const rows = alerts.map((alert) => rowOf(alert, page));
  const { header, linesOf } = createTable(COLUMNS, rows, page);
  return [
    header,
    ...alerts.flatMap(({ text, state }, at) => [
      ...linesOf(rows[at] ?? { cells: [] }),
      ...hanging(' '.repeat(BELOW_INDENT), visible(text), page, state === 'open' ? 'warn' : 'dim'),
    ]),
  ];
}

function rowOf(alert: AlertReport, page: Page): Row {
  const opened = new Date(alert.opened_at);
  const endMs = alert.cleared_at === null ? page.nowMs : Date.parse(alert.cleared_at);
  const isOpen = alert.state === 'open';
  return {
    cells: [
      { text: formatMoment(opened, page.nowMs) },
      { text: alert.state, tone: isOpen ? 'bad' : 'good' },
      { text: formatMs(Math.max(endMs - opened.getTime(), 0)), tone: isOpen ? undefined : 'dim' },
      { text: visible(alert.rule) },
      { text: visible(alert.subject || NOTHING) },
    ],
  };
}

/** Why the user may not hear of alerts. */
function remarks({ enabled, watching, actions }: AlertsFacts): string[] {
  if (!enabled) return ['To switch them on: hookbus config set alerts.enabled true'];
  const hasAction = Object.values(actions).some(Boolean);
  return [
    ...(watching
      ? []
      : [
          'No daemon is running, so only skipped guards are checked. The next execution starts one, unless HOOKBUS_DAEMON is off. What is wrong now: hookbus status',
        ]),
    ...(hasAction
      ? []
      : [
          'No action is set for alerts. To get notified: hookbus config set alerts.command LINE, alerts.webhook URL or alerts.desktop true',
        ]),
  ];
}
