import { boundNames, type ExportedExecution, MAX_EVENTS, MAX_HOOKS } from '../domain/exported.ts';

export interface StatsdFormat {
  readonly prefix: string;
  readonly tags: 'none' | 'dogstatsd';
  /** Maximum size of a packet. */
  readonly max_packet_bytes: number;
}

export interface Packet {
  readonly bytes: Buffer;
  /** How many executions begin in it. */
  readonly executions: number;
}

/** Makes packets for executions: counters for each, and its times. */
export function createPacketWriter({ prefix, tags, max_packet_bytes }: StatsdFormat) {
  const hookOf = boundNames(MAX_HOOKS);
  const eventOf = boundNames(MAX_EVENTS);
  const line = tags === 'dogstatsd' ? taggedLine : plainLine;

  function linesOf(execution: ExportedExecution): string[] {
    const { status, decision, durationMs, overheadMs, hasDedupeKey } = execution;
    const hook = hookOf(execution.hookName);
    const event = eventOf(execution.eventType);
    const isDuplicate = status === 'dedupe_skip';
    const result = isDuplicate ? 'skip' : 'run';
    return [
      line(`${prefix}.hook.runs`, '1|c', { hook, event, status }),
      ...(decision === undefined
        ? []
        : [line(`${prefix}.hook.decisions`, '1|c', { hook, event, decision })]),
      ...timing(durationMs, (value) => line(`${prefix}.hook.duration`, value, { hook, event })),
      ...timing(overheadMs, (value) => line(`${prefix}.overhead`, value, {})),
      ...(isDuplicate || hasDedupeKey ? [line(`${prefix}.dedupe`, '1|c', { result })] : []),
    ];
  }

  return (executions: readonly ExportedExecution[]): Packet[] =>
    packed(executions.map(linesOf), max_packet_bytes);
}

/** Packs lines into as few packets as their order allows. All names are ASCII by now, so a character is a byte. */
function packed(linesOfEach: readonly (readonly string[])[], maxBytes: number): Packet[] {
  const packets: { text: string; executions: number }[] = [];
  for (const lines of linesOfEach) {
    for (const [index, line] of lines.entries()) {
      let last = packets.at(-1);
      if (last === undefined || last.text.length + 1 + line.length > maxBytes) {
        last = { text: '', executions: 0 };
        packets.push(last);
      }
      last.text += last.text === '' ? line : `\n${line}`;
      if (index === 0) last.executions += 1;
    }
  }
  return packets.map(({ text, executions }) => ({
    bytes: Buffer.from(text, 'latin1'),
    executions,
  }));
}

type Labels = Readonly<Record<string, string>>;

/** Three decimals give microseconds. Some servers do not support exponents. */
const timing = (ms: number | undefined, lineOf: (value: string) => string): string[] =>
  ms === undefined || !(ms >= 0) ? [] : [lineOf(`${Number(ms.toFixed(3))}|ms`)];

/** A dot would start another level. */
function plainLine(name: string, value: string, labels: Labels): string {
  const levels = Object.values(labels).map((label) => label.replace(/[^\w-]/g, '_') || 'none');
  return `${[name, ...levels].join('.')}:${value}`;
}

function taggedLine(name: string, value: string, labels: Labels): string {
  const tags = Object.entries(labels).map(
    ([key, label]) => `${key}:${label.replace(/[^\w./-]/g, '_') || 'none'}`,
  );
  return `${name}:${value}${tags.length === 0 ? '' : `|#${tags.join(',')}`}`;
}
