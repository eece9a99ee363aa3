import { describe, expect, it } from 'vitest';
import { createTally, failureOf } from '../../src/exporters/exporter.ts';

describe('the problem of an exporter', () => {
  const inSeconds = (seconds: number): number => performance.now() + seconds * 1000;

  it('is its last failure, until it works or the failure is old', () => {
    const tally = createTally('udp://127.0.0.1:1');
    expect(failureOf(tally.state())).toBeUndefined();
    tally.failed('ECONNREFUSED');
    expect(failureOf(tally.state(), inSeconds(45))).toBe('ECONNREFUSED');
    // Nothing was sent since, so it may have recovered long ago.
    expect(failureOf(tally.state(), inSeconds(55))).toBeUndefined();
    expect(failureOf({ ...tally.state(), isRetrying: true }, inSeconds(3600))).toBe('ECONNREFUSED');
    tally.sent(1);
    expect(failureOf(tally.state())).toBeUndefined();
  });

  it('is not a warning about settings', () => {
    const tally = createTally('http://127.0.0.1:4318');
    tally.noted('use the other port');
    expect(failureOf(tally.state())).toBeUndefined();
    expect(tally.state()).toMatchObject({ lastError: 'use the other port', failures: 0 });
  });
});
