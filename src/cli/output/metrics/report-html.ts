import type { CostReport } from '../../../app/reading/cost-report.ts';
import { VERSION } from '../../../domain/version.ts';
import { formatClock, formatCount, formatDate, formatMs, NOTHING } from '../../../format.ts';
import { visible } from '../text.ts';
import { coveredText } from './covered.ts';
import {
  callTitle,
  charactersText,
  headline,
  ratedTimeout,
  TITLES,
  windowOf,
} from './report-words.ts';

/** Nobody reads more rows; --json has them all. */
const MAX_ROWS = 100;

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #d1d9e0; --bar: #b6d4fe; --back: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --bar: #1f4a86; --back: #0d1117; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
div { overflow-x: auto; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.bar { background: linear-gradient(var(--bar), var(--bar)) right / var(--part) 100% no-repeat; }
footer, li { color: var(--soft); font-size: .9rem; }
`;

/** A self-contained page: no script, nothing loaded, and recorded text cannot inject either. */
export function reportHtml(report: CostReport, nowMs: number): string {
  const covered = coveredText(report.covered, nowMs);
  const title = `What hooks cost in ${windowOf(report)}${covered && ` (${covered})`}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${headline(report, nowMs)
  .map((text) => `<p>${escaped(text)}</p>`)
  .join('\n')}
${hooksTable(report)}
${callsTable(report)}
${contextTable(report)}
${sessionsTable(report)}
<h2>Assumptions</h2>
<ul>
${report.assumptions.map((text) => `<li>${escaped(text)}</li>`).join('\n')}
</ul>
<footer>HookBus ${VERSION}, ${escaped(fullMoment(new Date(nowMs)))}</footer>
</body>
</html>
`;
}

/** Whoever reads the page may do so on another day. */
const fullMoment = (at: Date): string => `${formatDate(at)} ${formatClock(at)}`;

interface Cell {
  readonly text: string;
  readonly isNumber?: boolean;
  /** Draws a bar behind the text, as a share of the longest bar. */
  readonly part?: number;
}

const word = (text: string | null): Cell => ({ text: text || NOTHING });
const number = (text: string, part?: number): Cell => ({
  text,
  isNumber: true,
  ...(part === undefined ? {} : { part }),
});

function hooksTable({ hooks }: CostReport): string {
  const max = Math.max(...hooks.map(({ waited_ms }) => waited_ms), 1);
  const head = [
    'Hook',
    'Event',
    '#Runs',
    '#Denied',
    '#Waited',
    '#Last of calls',
    '#Alone',
    '#P50',
    '#P95',
    '#P99',
    '#Timeout (runs)',
  ];
  const rows = hooks.map((hook) => [
    word(hook.hook_name),
    word(hook.event_type),
    number(formatCount(hook.runs)),
    number(formatCount(hook.denied)),
    number(formatMs(hook.waited_ms), hook.waited_ms / max),
    number(formatCount(hook.critical_calls)),
    number(formatMs(hook.critical_calls === 0 ? null : hook.critical_ms)),
    ...[hook.p50_ms, hook.p95_ms, hook.p99_ms].map((ms) => number(formatMs(ms))),
    number(ratedTimeout(hook)),
  ]);
  return section(TITLES.hooks, head, rows);
}

function callsTable({ calls }: CostReport): string {
  const max = calls[0]?.blocked_ms || 1;
  const head = ['Started', 'Tool', 'Event', '#Hooks', '#Waited', 'Last hook', '#Alone'];
  const rows = calls.map((call) => [
    word(fullMoment(new Date(call.began_at))),
    word(callTitle(call)),
    word(call.event_type),
    number(formatCount(call.executions)),
    number(formatMs(call.blocked_ms), call.blocked_ms / max),
    word(call.critical_hook),
    number(formatMs(call.gain_ms)),
  ]);
  return section(TITLES.calls, head, rows);
}

function contextTable({ context }: CostReport): string {
  const max = context[0]?.characters_at_most || 1;
  const head = [
    'Hook',
    'Event',
    '#Times',
    '#Characters',
    '#Truncated',
    '#Repeated',
    '#Characters repeated',
  ];
  const rows = context.map((one) => [
    word(one.hook_name),
    word(one.event_type),
    number(formatCount(one.executions)),
    number(charactersText(one), one.characters_at_most / max),
    ...[one.cut, one.repeated, one.repeated_characters].map((count) => number(formatCount(count))),
  ]);
  return section(TITLES.context, head, rows);
}

function sessionsTable({ sessions }: CostReport): string {
  const max = sessions[0]?.blocked_ms || 1;
  const head = ['Session', 'First hook', 'Last hook', '#Executions', '#Waited', '#If sequential'];
  const rows = sessions.map((session) => [
    word(session.session_id),
    word(fullMoment(new Date(session.began_at))),
    word(fullMoment(new Date(session.ended_at))),
    number(formatCount(session.executions)),
    number(formatMs(session.blocked_ms), session.blocked_ms / max),
    number(formatMs(session.hook_ms)),
  ]);
  return section('By session', head, rows);
}

/** A `#` before a title marks a column of numbers. */
function section(title: string, head: readonly string[], rows: readonly Cell[][]): string {
  if (rows.length === 0) return '';
  const titles = head.map((text) =>
    text.startsWith('#') ? `<th class="n">${text.slice(1)}</th>` : `<th>${text}</th>`,
  );
  const rest = rows.length - MAX_ROWS;
  return `<h2>${escaped(title)}</h2>
<div><table>
<tr>${titles.join('')}</tr>
${rows
  .slice(0, MAX_ROWS)
  .map((cells) => `<tr>${cells.map(cellHtml).join('')}</tr>`)
  .join('\n')}
</table></div>${rest > 0 ? `\n<p>… and ${formatCount(rest)} more</p>` : ''}`;
}

function cellHtml({ text, isNumber, part }: Cell): string {
  if (!isNumber) return `<td>${escaped(text)}</td>`;
  const bar =
    part === undefined ? '"n"' : `"n bar" style="--part: ${(Math.min(part, 1) * 100).toFixed(1)}%"`;
  return `<td class=${bar}>${escaped(text)}</td>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Recorded text is untrusted: escapes its markup, and invisible characters. */
function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
