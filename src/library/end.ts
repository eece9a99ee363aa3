import { isGeneratorObject } from 'node:util/types';
import { createMeter, type Meter } from '../app/recording/meter.ts';
import type { KeyedEnd } from '../domain/key/dedupe-key.ts';
import type { Begin, Capture, End } from '../domain/record.ts';
import { MAX_RESULT_BYTES } from '../gates/dedupe.ts';
import { errorParts, outputText, sharedText } from './output.ts';

/** How a body ended. */
export type BodyEnd =
  | { readonly kind: 'output'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: Error };

type Storing = Pick<Begin, 'storeRaw' | 'maxBytes'>;

const keptBytes = ({ storeRaw, maxBytes }: Storing): number => (storeRaw ? maxBytes : 0);

/** What the hook read: copied before the body may change it, as far as it is stored, and otherwise only counted. */
export function measurePayload(storing: Storing, payload: Uint8Array): Meter {
  const meter = createMeter('stdin', keptBytes(storing));
  meter.push(payload);
  return meter;
}

/** A body's end as a record has it: as the end of a command that exits 0 or 1. */
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

/** The same of a body that is not run. */
export const skippedEnd = (storing: Storing, stdin: Meter, output: unknown) => ({
  ...measured(storing, stdin, output),
  exitCode: 0,
});

/** Sizes and captures: the payload stands for stdin, the output for stdout. */
function measured(storing: Storing, stdin: Meter, output: unknown) {
  const stdout = createMeter('stdout', keptBytes(storing));
  stdout.push(Buffer.from(outputText(output) ?? ''));
  const digest = stdout.digest();
  const captures: Capture[] = storing.storeRaw ? [stdin.capture(), stdout.capture()] : [];
  return {
    stdinBytes: stdin.total(),
    stdoutBytes: stdout.total(),
    stderrBytes: 0,
    stdoutKind: stdout.kind(),
    ...(digest === undefined ? {} : { stdoutDigest: digest }),
    stderrTail: new Uint8Array(),
    captures,
  };
}

/**
 * What duplicates may share: as in an engine, nothing of a failure, nor an output that was not kept whole. Never throws,
 * since those who wait for the key have to hear of its end.
 */
export function sharedEnd(maxBytes: number, bodyEnd: BodyEnd): KeyedEnd | undefined {
  const most = Math.min(maxBytes, MAX_RESULT_BYTES);
  if (bodyEnd.kind !== 'output' || isLongText(bodyEnd.value, most)) return undefined;
  const text = sharedText(bodyEnd.value);
  if (text === undefined) return undefined;
  const stdout = Buffer.from(text);
  if (stdout.length > most) return undefined;
  return { exitCode: 0, outputs: { stdout, stderr: new Uint8Array() } };
}

/** To the longest text that there can be, nothing can be added. */
const isLongText = (value: unknown, most: number): boolean =>
  typeof value === 'string' && value.length > most;

/** An output that cannot be on record, or whose body did not run at all, is a mistake that somebody can mend. */
export function warningsOf(bodyEnd: BodyEnd): string[] {
  if (bodyEnd.kind !== 'output') return [];
  // Of asynchronous ones, too.
  if (isGeneratorObject(bodyEnd.value)) {
    return ['output: expected what the body gives, got a generator, of which nothing was run'];
  }
  return outputText(bodyEnd.value) === undefined ? ['output: expected what JSON can say'] : [];
}
