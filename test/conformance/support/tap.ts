import type { Readable } from 'node:stream';
import { DEADLINE_MS, until, within } from './until.ts';

/** Collects the output of a stream. */
export class Tap {
  readonly ended: Promise<void>;
  #stream: Readable | undefined;
  #chunks: Buffer[] = [];
  #length = 0;
  #hasEnded = false;
  #markEnded: () => void = () => undefined;

  constructor(stream: Readable | undefined) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => {
      this.#markEnded = () => {
        this.#hasEnded = true;
        resolve();
      };
    });
    if (stream === undefined) this.#markEnded();
    stream?.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
    });
    stream?.on('close', () => this.#markEnded());
    // The other side may reset the connection; the output before that counts.
    stream?.on('error', () => undefined);
  }

  get length(): number {
    return this.#length;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  /** Waits for this text. */
  async sees(text: string, deadlineMs = DEADLINE_MS): Promise<void> {
    await until(
      `${JSON.stringify(text)} in the output`,
      () => this.text.includes(text),
      deadlineMs,
    );
  }

  /** Waits for the end of output. */
  async end(deadlineMs = DEADLINE_MS): Promise<void> {
    await within('the end of output', this.ended, deadlineMs);
  }

  onData(listener: (chunk: Buffer) => void): void {
    this.#stream?.on('data', listener);
  }

  /** Closes the test's end, like a caller that has seen enough. */
  close(): void {
    this.#stream?.destroy();
  }
}
