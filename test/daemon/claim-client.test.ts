import { expect, it } from 'vitest';
import { requestOf } from '../../src/daemon/claims/claim-client.ts';
import { readFields, splitFrames } from '../../src/protocol/frame.ts';
import { decodeKeyedBegin, encodeBegin } from '../../src/protocol/record.ts';
import { aBegin } from '../support/records.ts';

/** How a duplicate on PostToolUse is handled for a payload with these signs. */
function modeFor(signs: readonly string[], onDuplicate: 'skip' | 'replay'): string {
  const [frame] = splitFrames(encodeBegin(aBegin({ eventType: 'PostToolUse', signs }))).frames;
  if (frame === undefined) throw new Error('expected a frame');
  const begin = decodeKeyedBegin(readFields(frame.body));
  return requestOf(begin, { template: 'k', ttlSeconds: 60, onDuplicate }, 'k', undefined)
    .onDuplicate;
}

it('a duplicate is skipped after a tool, but not for Cline, where it could refuse', () => {
  expect(modeFor([], 'skip')).toBe('skip');
  expect(modeFor(['hookName', 'taskId', 'clineVersion'], 'skip')).toBe('deny');
  expect(modeFor(['clineVersion'], 'replay')).toBe('replay');
});
