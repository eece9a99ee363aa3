import { describe } from 'vitest';
import { command } from './command.ts';
import { correlation } from './correlation.ts';
import { decisions } from './decisions.ts';
import { dedupe } from './dedupe.ts';
import { environment } from './environment.ts';
import { exit } from './exit.ts';
import { failOpen } from './fail-open.ts';
import { failOpenOption } from './fail-open-option.ts';
import { gates } from './gates.ts';
import { input } from './input.ts';
import { limits } from './limits.ts';
import { nameless } from './nameless.ts';
import { off } from './off.ts';
import { options } from './options.ts';
import { output } from './output.ts';
import { payloads } from './payloads.ts';
import { recording } from './recording.ts';
import { sandbox } from './sandbox.ts';
import { signals, signalsAtStart } from './signals.ts';
import { skippedGuards } from './skipped-guards.ts';
import { status } from './status.ts';
import { stdio } from './stdio.ts';
import { streams } from './streams.ts';
import type { Engine } from './support/engine.ts';
import { timing } from './timing.ts';
import { trust } from './trust.ts';
import { waiting } from './waiting.ts';

/** Topics that measure no time. */
export const UNTIMED = [
  status,
  signals,
  streams,
  input,
  output,
  exit,
  stdio,
  environment,
  command,
  options,
  limits,
  failOpenOption,
  skippedGuards,
  correlation,
  payloads,
  recording,
  decisions,
  failOpen,
  sandbox,
  off,
  trust,
  gates,
  nameless,
];

/** Topics that measure time, or wait for engines that wait for each other: no other test file runs beside them. */
export const TIMED = [(engine: Engine) => dedupe(engine), signalsAtStart, timing, waiting];

/** Topics about what Node or a table in common decides, so that one engine for another processor can do without them. */
const DECIDED_ELSEWHERE: readonly unknown[] = [
  ...[options, failOpenOption, skippedGuards, payloads, decisions, off, nameless],
];

/** What depends on the processor and its system calls. */
export const LOW_LEVEL = UNTIMED.filter((topic) => !DECIDED_ELSEWHERE.includes(topic));

/** Tests that use the most of an engine's code, for a slow build of it. */
const CORE = [signals, streams, input, output, exit, stdio, failOpen, signalsAtStart];

/** The contract that every engine of `hookbus run` keeps, as its caller and its hook see it. */
export function defineConformance(
  engine: Engine,
  topics = process.env['HOOKBUS_CONFORMANCE'] === 'core' ? CORE : UNTIMED,
): void {
  describe(`the ${engine.name}`, () => {
    for (const register of topics) register(engine);
  });
}
