import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  decodeExecutions,
  decodeFollow,
  encodeExecutions,
  encodeFollow,
} from '../../src/protocol/follow.ts';
import {
  createFrameWriter,
  type Frame,
  FrameError,
  splitFrames,
} from '../../src/protocol/frame.ts';

const goldenBytes = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/frames/${name}.bin`, import.meta.url));

function onlyFrame(bytes: Buffer): Frame {
  const [frame, ...others] = splitFrames(bytes).frames;
  if (frame === undefined || others.length > 0) throw new Error('expected one frame');
  return frame;
}

it('a follow frame and its response are read and written like the golden frames', () => {
  const request = decodeFollow(onlyFrame(goldenBytes('follow')));
  expect(request).toEqual({
    after: 4711,
    latest: 10,
    hookNames: ['guard_rm', 'lint'],
    eventTypes: ['PreToolUse'],
    statuses: ['error', 'timeout'],
    sessions: ['7d3f0c52-é'],
    decisions: ['deny', 'ask'],
    agents: ['claude'],
    subagents: ['Explore'],
    projects: ['/home/dev/é'],
    tools: ['Bash'],
    since: '2026-11-22T10:00:00.000Z',
  });
  expect(encodeFollow(request)).toEqual(goldenBytes('follow'));
  const executions = decodeExecutions(onlyFrame(goldenBytes('executions')));
  expect(executions).toMatchObject({ upTo: 4715, skipped: 3 });
  expect(executions.rows.map((row) => (JSON.parse(row) as { id: number }).id)).toEqual([
    4712, 4714,
  ]);
  expect(encodeExecutions(executions)).toEqual(goldenBytes('executions'));
});

it('a follow of everything has only the field for how many come first', () => {
  const request = {
    after: undefined,
    latest: 0,
    hookNames: [],
    eventTypes: [],
    statuses: [],
    sessions: [],
    decisions: [],
    agents: [],
    subagents: [],
    projects: [],
    since: undefined,
    tools: [],
  };
  expect(decodeFollow(onlyFrame(encodeFollow(request)))).toEqual(request);
});

it('a follow with more values than a statement should have is refused', () => {
  const frame = createFrameWriter(11);
  for (let count = 0; count < 101; count += 1) frame.text(3, 'lint');
  expect(() => decodeFollow(onlyFrame(frame.finish()))).toThrow(FrameError);
});

it('executions without a last row number are refused', () => {
  expect(() => decodeExecutions(onlyFrame(createFrameWriter(12).finish()))).toThrow(FrameError);
});
