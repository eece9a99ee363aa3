/** A longer pause is shortened to this on the scale. */
const PAUSE_MS = 1000;

const startOf = ({ created_at }) => Date.parse(created_at);
const endOf = (row) => startOf(row) + (row.duration_ms ?? 0) + (row.overhead_ms ?? 0);

/**
 * Places each execution of a session on a scale from 0 to 1, grouped by tool call, or by event if there is no tool call.
 * Executions that overlap in time overlap on the scale.
 */
export function layOutSession(rows) {
  const calls = new Map();
  for (const row of rows) {
    const key = row.tool_use_id ?? `${row.event_type} ${row.correlation_id}`;
    const isTool = Boolean(row.tool_name);
    const call = calls.get(key) ?? {
      key,
      isTool,
      label: row.tool_name || row.event_type,
      rows: [],
    };
    call.rows.push(row);
    call.line ??= row.call ?? undefined;
    calls.set(key, call);
  }
  return [...calls.values()].map((call) => ({ ...call, ...layOutCall(call.rows) }));
}

function layOutCall(rows) {
  const scale = createScale(rows);
  const bars = rows.map((row) => {
    const left = scale.at(startOf(row));
    return { row, left, width: Math.max(scale.at(endOf(row)) - left, 0.004) };
  });
  return { bars, pauses: scale.pauses, waitedMs: waitedFor(rows) };
}

/** How long something ran, in ms; what ran at the same time counts once. */
function waitedFor(rows) {
  let [sum, until] = [0, 0];
  for (const row of [...rows].sort((a, b) => startOf(a) - startOf(b))) {
    sum += Math.max(endOf(row) - Math.max(startOf(row), until), 0);
    until = Math.max(until, endOf(row));
  }
  return sum;
}

/** A scale of the times in which something ran. */
function createScale(rows) {
  const spans = [];
  for (const [from, to] of rows
    .map((row) => [startOf(row), endOf(row)])
    .sort((a, b) => a[0] - b[0])) {
    const last = spans.at(-1);
    if (last !== undefined && from <= last.to + PAUSE_MS) last.to = Math.max(last.to, to);
    else spans.push({ from, to });
  }
  let length = 0;
  for (const span of spans) {
    span.offset = length;
    length += span.to - span.from + Math.min(PAUSE_MS, 0.2 * (span.to - span.from) + 10);
  }
  const last = spans.at(-1);
  const whole = Math.max(last.offset + last.to - last.from, 1);
  return {
    pauses: spans.slice(1).map(({ offset }) => offset / whole),
    at(ms) {
      const span = spans.findLast(({ from }) => from <= ms) ?? spans[0];
      return (span.offset + ms - span.from) / whole;
    },
  };
}
