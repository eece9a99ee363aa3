import { type Drilled, type DrilledGuard, STORE_REFUSALS } from '../../../app/replay/drill.ts';
import { formatCount, formatThings, NOTHING } from '../../../format.ts';
import type { Page, Tone } from '../page.ts';
import { type Column, renderTable } from '../table.ts';
import { hanging, visible } from '../text.ts';
import { digestsOf } from './replay.ts';

/** Drills for programs. */
export function drillJson(guards: readonly DrilledGuard[]) {
  const count = (verdict: DrilledGuard['verdict']): number =>
    guards.filter((guard) => guard.verdict === verdict).length;
  return {
    refuses: count('refuses'),
    passes: count('passes'),
    unsure: count('unsure'),
    not_drilled: count('not_drilled'),
    guards: guards.map(({ hookName, refusals, verdict, reason, drills }) => ({
      hook_name: hookName,
      refusals,
      verdict,
      reason: reason ?? null,
      drills: drills.map(oneJson),
    })),
  };
}

function oneJson({ row, record, verdict, why, isRedacted, changedScript }: Drilled) {
  const { id, execution_id, event_type, tool_name, cwd, decision_reason } = row;
  return {
    ...{ id, execution_id, event_type, tool_name, cwd, decision_reason, verdict },
    why: why ?? null,
    redacted: isRedacted,
    script: changedScript?.path ?? null,
    script_digest_then: changedScript?.before ?? null,
    script_digest_now: changedScript?.now ?? null,
    command: record.command,
    decision: record.decision,
    status: record.status,
    exit_code: record.exit_code,
    signal: record.signal,
    error: record.error,
    duration_ms: record.duration_ms,
    span_id: record.span_id,
    created_at: record.created_at,
  };
}

const COLUMNS: readonly Column[] = [
  { title: 'GUARD', minWidth: 10 },
  { title: 'REFUSALS', align: 'right' },
  { title: 'DRILLED', align: 'right' },
  { title: 'REFUSED AGAIN', align: 'right' },
  { title: '' },
];

const WORDS: Readonly<Record<DrilledGuard['verdict'], readonly [string, Tone]>> = {
  passes: ['LETS PASS', 'bad'],
  not_drilled: ['not drilled', 'warn'],
  unsure: ['unsure', 'warn'],
  refuses: ['refuses', 'good'],
};

/** Drills for people: the answer first, then each guard, then what to do about those that do not refuse. */
export function drillLines(guards: readonly DrilledGuard[], page: Page): string[] {
  if (guards.length === 0)
    return ['No guard has refused anything yet, so there is nothing to drill.'];
  // What needs a look comes first.
  const order = Object.keys(WORDS);
  const sorted = [...guards].sort(
    (left, right) => order.indexOf(left.verdict) - order.indexOf(right.verdict),
  );
  const rows = sorted.map(({ hookName, refusals, verdict, drills }) => {
    const again = drills.filter((drill) => drill.verdict === 'refuses').length;
    const [text, tone] = WORDS[verdict];
    return {
      cells: [
        { text: visible(hookName) },
        { text: formatCount(refusals) },
        { text: formatCount(drills.length) },
        { text: drills.length === 0 ? NOTHING : formatCount(again) },
        { text, tone },
      ],
    };
  });
  const details = sorted.flatMap((guard) => detailsOf(guard));
  return [
    conclusion(guards, page),
    '',
    ...renderTable(COLUMNS, rows, page),
    ...(details.length === 0 ? [] : ['']),
    ...details.flatMap((line) => hanging('- ', visible(line), page)),
  ];
}

function conclusion(guards: readonly DrilledGuard[], page: Page): string {
  const count = (word: DrilledGuard['verdict']): number =>
    guards.filter(({ verdict }) => verdict === word).length;
  const passing = count('passes');
  if (passing > 0) {
    const text = `${formatThings(passing, 'guard')} ${passing === 1 ? 'does' : 'do'} not refuse what ${passing === 1 ? 'it' : 'they'} refused.`;
    return page.paint(text, 'bad');
  }
  const refusing = count('refuses');
  const rest = guards.length - refusing;
  const others =
    rest === 0 ? '' : ` ${formatThings(rest, 'guard')} ${rest === 1 ? 'was' : 'were'} not proved.`;
  if (refusing === 0) return page.paint('No guard was proved to refuse.', 'warn');
  const text = `${formatThings(refusing, 'guard')} still ${refusing === 1 ? 'refuses' : 'refuse'} what ${refusing === 1 ? 'it' : 'they'} refused.${others}`;
  return page.paint(text, rest === 0 ? 'good' : 'warn');
}

function detailsOf(guard: DrilledGuard): string[] {
  const { hookName, verdict, reason, drills, refusals, stored } = guard;
  if (verdict === 'not_drilled') {
    const fix =
      refusals > 0 && stored === 0
        ? `. Set ${STORE_REFUSALS} where the agent runs to store them from now on`
        : '';
    return [`${hookName} cannot be drilled: ${reason}${fix}.`];
  }
  const scripts = drills.flatMap(({ changedScript }) =>
    changedScript === undefined
      ? []
      : `${hookName}: its script changed: ${changedScript.path}${digestsOf(changedScript)}`,
  );
  const lines = drills.flatMap(({ row, why }) => {
    if (why === undefined) return [];
    const what = [row.event_type, row.tool_name].filter(Boolean).join(', ');
    const [then = ''] = (row.decision_reason ?? '').trim().split('\n');
    const words = then === '' ? '' : `; it refused with: ${then}`;
    return `${hookName}, execution ${row.id}${what === '' ? '' : ` (${what})`}: ${why}${words}`;
  });
  return [...lines, ...new Set(scripts)];
}
