import type { ChangedScript } from '../../../app/replay/replay-places.ts';
import type { RefusedReplay, Replayed, ReplayReport } from '../../../app/replay/replayable.ts';
import { type HookResult, isRefusalLost } from '../../../domain/replay.ts';
import {
  formatBytes,
  formatCount,
  formatMs,
  formatMsAligned,
  formatThings,
  NOTHING,
} from '../../../format.ts';
import { redactBytes } from '../../../redaction/redaction.ts';
import type { LogRow } from '../../../store/columns.ts';
import type { ReplayRow } from '../../../store/replays.ts';
import type { Page } from '../page.ts';
import { STATUS_TONES } from '../state/status-words.ts';
import { type Cell, type Column, renderTable } from '../table.ts';
import { breakAnywhere, visible } from '../text.ts';
import { payloadLines } from './payload.ts';

/** Replays for programs. */
export function replayJson({ replays, refused }: ReplayReport) {
  return {
    replayed: replays.length,
    changed: replays.filter(({ changed }) => changed).length,
    refusals_lost: replays.filter(isLost).length,
    replays: replays.map(({ row, isRedacted, changedScript, record, changed, differences }) => ({
      ...idsOf(row),
      command: record.command,
      redacted: isRedacted,
      script_changed: changedScript !== undefined,
      changed,
      differences,
      recorded: resultOf(row),
      replayed: resultOf(record),
      span_id: record.span_id,
      created_at: record.created_at,
    })),
    refused: refused.map(({ row, reason }) => ({ ...idsOf(row), reason })),
  };
}

const idsOf = ({ id, execution_id, hook_name, event_type }: LogRow) => ({
  id,
  execution_id,
  hook_name,
  event_type,
});

const isLost = ({ recorded, came }: Replayed): boolean => isRefusalLost(recorded, came);

function resultOf(
  row: Omit<ReplayRow, 'log_id' | 'span_id' | 'command' | 'changed' | 'differences' | 'created_at'>,
) {
  const { decision, status, exit_code, signal, error, duration_ms } = row;
  const { stdout_bytes, stderr_bytes, stdout_kind, stdout_digest } = row;
  return {
    ...{ decision, status, exit_code, signal, error, duration_ms },
    ...{ stdout_bytes, stderr_bytes, stdout_kind, stdout_digest },
  };
}

/** Replays for people: a single one in full; of several, one line for each that changed, and a summary. */
export function replayLines(report: ReplayReport, page: Page): string[] {
  const { replays, refused } = report;
  const [only] = replays;
  const shown =
    only !== undefined && replays.length === 1 && report.isById
      ? oneLines(only, page)
      : severalLines(replays, page);
  return [...shown, ...refusedLines(refused, page)];
}

const COMPARED: readonly Column[] = [
  { title: '' },
  { title: 'RECORDED' },
  { title: 'REPLAYED' },
  { title: '' },
];

function oneLines(replayed: Replayed, page: Page): string[] {
  const { row, isRedacted, record, differences, changed } = replayed;
  const what = [row.hook_name, row.event_type, row.tool_name].filter(Boolean).join(', ');
  const conclusion = isLost(replayed)
    ? page.paint('The hook refused this call then, and does not now.', 'bad')
    : page.paint(
        changed ? 'The agent would act differently.' : 'The agent would act the same.',
        toneOf(changed),
      );
  const line = (name: string, then: Cell, now: Cell, difference: string) => ({
    cells: [
      { text: name },
      then,
      now,
      {
        text: differences.some((word) => word === difference) ? 'differs' : '',
        tone: 'warn' as const,
      },
    ],
  });
  const table = renderTable(
    COMPARED,
    [
      line('decision', decisionCell(row), decisionCell(record), 'decision'),
      line('status', statusCell(row), statusCell(record), 'status'),
      line('exit code', plain(row.exit_code), plain(record.exit_code), 'exit_code'),
      line('signal', plain(row.signal), plain(record.signal), 'signal'),
      line('stdout', stdoutCell(row), stdoutCell(record), 'stdout'),
      line('stderr', bytes(row.stderr_bytes), bytes(record.stderr_bytes), 'stderr'),
      line('took', plain(formatMs(row.duration_ms)), plain(formatMs(record.duration_ms)), ''),
    ],
    page,
  );
  return [
    ...breakAnywhere(visible(`Execution ${row.id} replayed: ${what}`), page.columns),
    conclusion,
    '',
    ...table,
    ...(isRedacted ? ['', REDACTED] : []),
    ...changedLines([replayed], page),
    ...differences.flatMap((difference) =>
      difference === 'stdout' || difference === 'stderr'
        ? outputLines(difference, replayed, page)
        : [],
    ),
  ];
}

/** Scripts that have changed since the recording: the replay ran another version. */
function changedLines(replays: readonly Replayed[], page: Page): string[] {
  const lines = replays.flatMap(({ changedScript }) =>
    changedScript === undefined
      ? []
      : `Changed since the recording: ${changedScript.path}${digestsOf(changedScript)}`,
  );
  return [...new Set(lines)].flatMap((line) => breakAnywhere(visible(line), page.columns));
}

/** Enough of a digest to compare by eye. */
const shortDigest = (digest: string): string => digest.slice(0, 12);

export function digestsOf({ before, now }: ChangedScript): string {
  if (before === null) return ' (it was written since; its content may be the same)';
  return ` (SHA-256 ${shortDigest(before)}… then, ${now === null ? 'gone' : `${shortDigest(now)}…`} now)`;
}

const REDACTED =
  'Secrets were redacted from the stored payload, so the hook read other bytes than before.';

const toneOf = (changed: boolean) => (changed ? 'warn' : 'good');

const plain = (value: string | number | null): Cell => ({
  text: value === null ? NOTHING : visible(String(value)),
});

const decisionCell = ({ decision }: Pick<LogRow, 'decision'>): Cell => plain(decision);

const bytes = (count: number): Cell => ({ text: formatBytes(count) });

const statusCell = ({ status }: Pick<LogRow, 'status'>): Cell => ({
  text: visible(status),
  tone: STATUS_TONES[status],
});

const stdoutCell = ({
  stdout_bytes,
  stdout_kind,
}: Pick<LogRow, 'stdout_bytes' | 'stdout_kind'>) => ({
  text: stdout_bytes === 0 ? formatBytes(0) : `${formatBytes(stdout_bytes)}, ${stdout_kind}`,
});

/** How many lines of each output are shown. */
const OUTPUT_LINES = 20;

function outputLines(
  stream: 'stdout' | 'stderr',
  { recorded, came }: Replayed,
  page: Page,
): string[] {
  const side = (word: string, { [stream]: whole }: HookResult): string[] => {
    const title = page.paint(`${stream}, ${word}`, 'strong');
    if (whole === undefined) return ['', title, '  (not kept completely)'];
    const payload = {
      stream,
      truncated: false,
      problem: undefined,
      bytes: Buffer.from(redactBytes(whole)),
    };
    const lines = payloadLines(payload, page);
    const rest = lines.length - OUTPUT_LINES;
    const more = rest > 0 ? [`  … ${formatThings(rest, 'more line')}`] : [];
    return ['', title, ...lines.slice(0, OUTPUT_LINES), ...more];
  };
  return [...side('recorded', recorded), ...side('replayed', came)];
}

const SEVERAL: readonly Column[] = [
  { title: 'ID', align: 'right' },
  { title: 'HOOK', minWidth: 10 },
  { title: 'EVENT', minWidth: 10, dropOrder: 1 },
  { title: 'RECORDED' },
  { title: 'REPLAYED' },
  { title: 'DIFFERS IN', minWidth: 10 },
  { title: 'TOOK', align: 'right' },
  { title: 'NOW', align: 'right' },
];

function severalLines(replays: readonly Replayed[], page: Page): string[] {
  const all = replays.filter((replayed) => replayed.changed);
  const lost = all.filter(isLost);
  // What matters most comes first.
  const changed = [...lost, ...all.filter((replayed) => !isLost(replayed))];
  const others =
    replays.filter(({ differences }) => differences.length > 0).length - changed.length;
  const rows = changed.map((replayed) => {
    const { row, record, differences } = replayed;
    return {
      cells: [
        { text: String(row.id) },
        { text: visible(row.hook_name) },
        { text: visible(row.event_type || NOTHING) },
        resultCell(row),
        resultCell(record),
        { text: differences.join(', ').replaceAll('_', ' '), tone: 'warn' as const },
        { text: formatMsAligned(row.duration_ms) },
        { text: formatMsAligned(record.duration_ms) },
      ],
    };
  });
  const redacted = replays.filter(({ isRedacted }) => isRedacted).length;
  return [
    ...(lost.length === 0 ? [] : [page.paint(lostText(lost.length), 'bad'), '']),
    ...(rows.length > 0 ? [...renderTable(SEVERAL, rows, page), ''] : []),
    page.paint(
      `Replayed ${formatThings(replays.length, 'execution')}. ${changed.length === 0 ? 'The agent would act the same in every case.' : `The agent would act differently in ${formatThings(changed.length, 'case')}.`}`,
      toneOf(changed.length > 0),
    ),
    ...(others === 0
      ? []
      : [`${formatCount(others)} more differ only in ways that do not affect the agent.`]),
    `Total time: ${formatMs(total(replays.map(({ row }) => row.duration_ms)))} when recorded, ${formatMs(total(replays.map(({ record }) => record.duration_ms)))} now.`,
    ...(redacted === 0
      ? []
      : [
          `Secrets were redacted from ${formatThings(redacted, 'stored payload')}, so the hook read other bytes than before.`,
        ]),
    ...changedLines(replays, page),
  ];
}

const lostText = (count: number): string =>
  count === 1
    ? '1 call that the hook refused is not refused any more.'
    : `${formatCount(count)} calls that the hook refused are not refused any more.`;

/** What it decided; if nothing, how it ended. */
function resultCell({ decision, status }: Pick<LogRow, 'decision' | 'status'>): Cell {
  const isSaid = status === 'success' && decision !== null && decision !== 'none';
  return isSaid ? plain(decision) : statusCell({ status });
}

const total = (times: readonly (number | null)[]): number =>
  times.reduce<number>((sum, ms) => sum + (ms ?? 0), 0);

/** How many executions that could not be replayed are listed. */
const REFUSED_LINES = 10;

function refusedLines(refused: readonly RefusedReplay[], page: Page): string[] {
  const lines = refused
    .slice(0, REFUSED_LINES)
    .flatMap(({ row, reason }) =>
      breakAnywhere(visible(`Execution ${row.id} was not replayed: ${reason}`), page.columns),
    );
  const rest = refused.length - REFUSED_LINES;
  const more = rest > 0 ? [`${formatThings(rest, 'more execution')} could not be replayed.`] : [];
  return refused.length === 0 ? [] : ['', ...lines, ...more];
}
