import { readFileSync } from 'node:fs';
import { python, type Running } from './running.ts';
import type { RunOptions, Stage } from './stage.ts';

/** A wrapped hook that notes each signal and answers each line of input; resolves when it is ready for both. */
export async function startCounter(
  stage: Stage,
  set: RunOptions['set'] = {},
): Promise<{ run: Running; seen: () => string[] }> {
  const log = stage.path('signals');
  const run = await stage.startWrapped(python('count_signals.py', log), { set });
  await run.stdout.sees('ready\n');
  const seen = (): string[] => readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return { run, seen };
}
