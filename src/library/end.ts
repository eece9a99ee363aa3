import { isGeneratorObject } from 'node:util/types';
import { createMeter, type Meter, stdoutFields } from '../app/recording/meter.ts';
import type { KeyedEnd } from '../domain/key/dedupe-key.ts';
import type { Begin, Capture, End } from '../domain/record.ts';
import { MAX_RESULT_BYTES } from '../gates/dedupe.ts';
import { errorParts, outputText, sharedText } from './output.ts';

/** How a body ended. */
export type BodyEnd =
  | { readonly kind: 'output'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: Error };

type Storing = Pick<Begin, 'storeRaw' | 'maxBytes' | 'eventType'>;

const keptBytes = ({ storeRaw, maxBytes }: Pick<Begin, 'storeRaw' | 'maxBytes'>): number =>
  storeRaw ? maxBytes : 0;

/** Measures what the hook read: keeps what will be stored, before the body can change it, and counts the rest. */
export function measurePayload(storing: Storing, payload: Uint8Array): Meter {
  const meter = createMeter('stdin', keptBytes(storing));
  meter.push(payload);
  return meter;
}

/** A body's end as a record: like a command that exits 0 or 1. */
export function endOf(storing: Storing, stdin: Meter, bodyEnd: BodyEnd): End {
  if (bodyEnd.kind === 'output') {
    return { ...measured(storing, stdin, bodyEnd.value), kind: 'exited', exitCode: 0 };
  }
  const { reason, tail } = errorParts(bodyEnd.error);
  return {
    ...measured(storing, stdin, undefined),
    kind: 'exited',
    exitCode: 1,
    ...(reason === undefined ? {} : { reason }),
    stderrTail: tail,
  };
}

/** The end of a body that was skipped. */
export const skippedEnd = (storing: Storing, stdin: Meter, output: unknown) => ({
  ...measured(storing, stdin, output),
  exitCode: 0,
});

/** Sizes and captures: the payload counts as stdin, the output as stdout. */
function measured(storing: Storing, stdin: Meter, output: unknown) {
  const stdout = createMeter('stdout', keptBytes(storing));
  stdout.push(Buffer.from(outputText(output) ?? ''));
  const captures: Capture[] = storing.storeRaw ? [stdin.capture(), stdout.capture()] : [];
  return {
    stdinBytes: stdin.total(),
    stderrBytes: 0,
    ...stdoutFields(stdout, storing.eventType),
    stderrTail: new Uint8Array(),
    captures,
  };
}

/**
 * What duplicates may share. As in an engine, nothing if the body failed or the output was too large to keep. Never
 * throws, because waiters must learn that the body has ended.
 */
export function sharedEnd(maxBytes: number, bodyEnd: BodyEnd): KeyedEnd | undefined {
  const maxSharedBytes = Math.min(maxBytes, MAX_RESULT_BYTES);
  if (bodyEnd.kind !== 'output' || isLongText(bodyEnd.value, maxSharedBytes)) return undefined;
  const text = sharedText(bodyEnd.value);
  if (text === undefined) return undefined;
  const stdout = Buffer.from(text);
  if (stdout.length > maxSharedBytes) return undefined;
  return { exitCode: 0, outputs: { stdout, stderr: new Uint8Array() } };
}

/** Checked first, because appending to a string of the maximum length throws. */
const isLongText = (value: unknown, max: number): boolean =>
  typeof value === 'string' && value.length > max;

/** Warnings about an output that cannot be recorded, or a body that did not run at all. */
export function warningsOf(bodyEnd: BodyEnd): string[] {
  if (bodyEnd.kind !== 'output') return [];
  // True for asynchronous generators, too.
  if (isGeneratorObject(bodyEnd.value)) {
    return ['output: the body returned a generator, so none of its code ran'];
  }
  return outputText(bodyEnd.value) === undefined
    ? ['output: expected a value that JSON can express']
    : [];
}
