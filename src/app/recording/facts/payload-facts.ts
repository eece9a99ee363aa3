import { CALL_MEMBERS, NAMES_IN_CALL, PAYLOAD_NAMES } from '../../../agents/index.ts';
import type { CallFact, PayloadFact } from '../../../agents/payload-fields.ts';
import { SIGNS, signOf } from '../../../agents/recognize.ts';
import { decodeText, type Scanned, scanPayload } from '../../../domain/payload/payload-scan.ts';

/** What HookBus reads from a payload. */
export interface PayloadFacts {
  readonly eventType?: string | undefined;
  readonly toolName?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly toolUseId?: string | undefined;
  readonly promptId?: string | undefined;
  readonly subagent?: string | undefined;
  readonly toolInput?: Uint8Array | undefined;
  /** A part of the payload has not arrived, or cannot be read. */
  readonly isPartial: boolean;
  readonly signs: readonly string[];
}

/** Ids that are known without a payload. */
export interface KnownIds {
  readonly sessionId?: string | undefined;
  readonly toolUseId?: string | undefined;
}

const { toolInput: INPUTS, ...TEXTS } = PAYLOAD_NAMES;
const TEXT_NAMES = [...new Set([...Object.values(TEXTS).flat(), ...SIGNS])];
const VALUE_NAMES = [...INPUTS, ...CALL_MEMBERS];
const CALL_TEXTS = [...NAMES_IN_CALL.toolName, ...NAMES_IN_CALL.toolUseId];

/** Finds the ids in the part of the payload that has arrived. The launcher's `scan_payload` does the same. */
export function readFacts(payload: Uint8Array, known: KnownIds): PayloadFacts {
  const scanned = scanPayload(payload, TEXT_NAMES, VALUE_NAMES);
  const call = callIn(scanned);
  const text = (fact: Exclude<PayloadFact, 'toolInput'>): string | undefined =>
    firstText(scanned, PAYLOAD_NAMES[fact]);
  const callText = (fact: CallFact): string | undefined =>
    call && firstText(call, NAMES_IN_CALL[fact]);
  return {
    eventType: text('eventType'),
    toolName: text('toolName') ?? callText('toolName'),
    sessionId: text('sessionId') ?? known.sessionId,
    toolUseId: text('toolUseId') ?? callText('toolUseId') ?? known.toolUseId,
    promptId: text('promptId'),
    subagent: text('subagent'),
    toolInput: firstValue(scanned, INPUTS) ?? (call && firstValue(call, NAMES_IN_CALL.toolInput)),
    isPartial: payload.length > 0 && !scanned.isWhole,
    signs: SIGNS.flatMap((name) => {
      const value = firstText(scanned, [name]);
      return value === undefined ? [] : [signOf(name, value)];
    }),
  };
}

function callIn(scanned: Scanned): Scanned | undefined {
  const value = firstValue(scanned, CALL_MEMBERS);
  return value && scanPayload(value, CALL_TEXTS, NAMES_IN_CALL.toolInput);
}

function firstText({ texts }: Scanned, names: readonly string[]): string | undefined {
  const value = names.map((name) => texts.get(name)).find((bytes) => bytes && bytes.length > 0);
  return value && decodeText(value);
}

const firstValue = ({ values }: Scanned, names: readonly string[]): Uint8Array | undefined =>
  names.map((name) => values.get(name)).find((value) => value !== undefined);
