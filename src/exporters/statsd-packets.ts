import { boundMetricNames, type ExportedExecution } from '../domain/exported.ts';
import type { Attributes } from './exporter.ts';

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

/**
 * Makes packets for executions: counters for each, and its times.
 * @param resource who sends: tags of each line. A name without tags has no room for it, nor for agent and project.
 */
export function createPacketWriter(format: StatsdFormat, resource: Attributes) {
  const { prefix, tags, max_packet_bytes } = format;
  const namesOf = boundMetricNames();
  const isTagged = tags === 'dogstatsd';
  const common = commonTags(resource, max_packet_bytes / 2);
  const line = (name: string, value: string, labels: Labels): string =>
    isTagged
      ? taggedLine(name, value, [...tagsOf(labels), ...common])
      : plainLine(name, value, labels);

  function linesOf(execution: ExportedExecution): string[] {
    const { status, decision, durationMs, overheadMs, hasDedupeKey } = execution;
    const { hookName, eventType, agent, project } = namesOf(execution);
    const names = { hook: hookName, event: eventType, ...(isTagged && { agent, project }) };
    const isDuplicate = status === 'dedupe_skip';
    const result = isDuplicate ? 'skip' : 'run';
    return [
      line(`${prefix}.hook.runs`, '1|c', { ...names, status }),
      ...(decision === undefined
        ? []
        : [line(`${prefix}.hook.decisions`, '1|c', { ...names, decision })]),
      ...timing(durationMs, (value) => line(`${prefix}.hook.duration`, value, names)),
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

const taggedLine = (name: string, value: string, tags: readonly string[]): string =>
  `${name}:${value}|#${tags.join(',')}`;

const tagsOf = (labels: Labels): string[] =>
  Object.entries(labels).map(
    ([key, label]) => `${key}:${label.replace(/[^\w./-]/g, '_') || 'none'}`,
  );

/** The id of this HookBus and as many of the other attributes as `maxBytes` allow. */
function commonTags(resource: Attributes, maxBytes: number): string[] {
  const { 'service.instance.id': id = '', ...others } = resource;
  const named = Object.entries({ 'service.instance.id': id, ...others }).map(
    ([name, value]) => [name.replaceAll('.', '_'), value] as const,
  );
  let bytes = 0;
  return tagsOf(Object.fromEntries(named)).filter((tag) => {
    bytes += tag.length + 1;
    return bytes <= maxBytes;
  });
}
