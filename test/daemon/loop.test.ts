import { expect, it, onTestFinished } from 'vitest';
import { createLoop, type LoopParts } from '../../src/daemon/loops/loop.ts';
import { until } from '../support/daemon.ts';

/** A loop whose first step is far away unless `parts` says otherwise, and the times of its steps. */
function aLoop(parts: Partial<LoopParts> = {}) {
  const steps: number[] = [];
  const logged: string[] = [];
  const step = parts.step ?? (() => 60_000);
  const loop = createLoop({
    log: (event, { reason } = {}) => void logged.push(`${event} ${reason}`),
    failure: 'x_failed',
    firstMs: 60_000,
    retryMs: 1,
    ...parts,
    step(): number {
      steps.push(performance.now());
      return step();
    },
  });
  onTestFinished(loop.stop);
  return { loop, steps, logged };
}

/** A step of the event loop after all timers that are due in `ms`. */
const after = (ms: number) => new Promise((resolve) => setTimeout(() => setImmediate(resolve), ms));

it('logs a failure once, until it passes or has another reason', async () => {
  const reasons = ['full', 'full', 'locked', undefined, 'locked', undefined];
  const { loop, steps, logged } = aLoop({
    firstMs: 0,
    step() {
      const reason = reasons[steps.length - 1];
      if (reason !== undefined) throw new Error(reason);
      return steps.length < reasons.length ? 1 : 60_000;
    },
  });
  loop.start();
  await until('all steps', () => steps.length === reasons.length);
  expect(logged).toEqual(['x_failed full', 'x_failed locked', 'x_failed locked']);
});

it('takes a step sooner when asked, never later, and not too soon after the last', async () => {
  const { loop, steps } = aLoop({ minMs: 50 });
  loop.start();
  loop.within(10);
  loop.within(60_000);
  await until('the first step', () => steps.length === 1);
  loop.within();
  await until('the second step', () => steps.length === 2);
  const [first = 0, second = 0] = steps;
  expect(second - first).toBeGreaterThan(48);
});

it('rests after a step as many times as long as that took', async () => {
  const { loop, steps } = aLoop({
    minMs: 1,
    rest: 10,
    step() {
      if (steps.length === 1) for (const end = performance.now() + 20; performance.now() < end; );
      return 60_000;
    },
  });
  loop.start();
  loop.within();
  await until('the first step', () => steps.length === 1);
  loop.within();
  await until('the second step', () => steps.length === 2);
  const [first = 0, second = 0] = steps;
  expect(second - first).toBeGreaterThan(218);
});

it('postpones a step, unless the last one wants no pause', async () => {
  const { loop, steps } = aLoop({
    firstMs: 20,
    step() {
      setImmediate(() => loop.postpone(60_000));
      return steps.length === 2 ? 60_000 : 0;
    },
  });
  const startMs = performance.now();
  loop.start();
  loop.postpone(60);
  await until('both steps', () => steps.length === 2);
  expect((steps[0] ?? 0) - startMs).toBeGreaterThan(58);
});

it('takes no step when it is stopped, but for one that is asked for by hand', async () => {
  const { loop, steps } = aLoop({ firstMs: 0, step: () => 0 });
  loop.within();
  loop.postpone(0);
  await after(5);
  expect(steps).toEqual([]);
  loop.start();
  loop.stop();
  loop.within();
  await after(5);
  expect(steps).toEqual([]);
  expect(loop.once()).toBe(0);
  await after(5);
  expect(steps).toHaveLength(1);
  loop.start();
  await until('the loop to work again', () => steps.length > 3);
});
