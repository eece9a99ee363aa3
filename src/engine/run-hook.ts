import type { Socket } from 'node:net';
import { describeExecution, newExecutionIds, withLateFacts } from '../app/recording/begin.ts';
import { stdoutFields } from '../app/recording/meter.ts';
import type { Recorder } from '../app/recording/recorder.ts';
import { type Report, report } from '../app/store/debug-log.ts';
import { withMadeHome } from '../config/home/state-home.ts';
import type { RunOptions } from '../config/run-options.ts';
import { hookEnvironment, type Settings } from '../config/settings.ts';
import { isRefusal } from '../domain/answer/refusal.ts';
import { statusOf } from '../domain/execution.ts';
import type { Begin, End, EndKind } from '../domain/record.ts';
import { duplicateReason } from '../domain/skipped-guard.ts';
import { closedGate, type Gate } from '../gates/gate-file.ts';
import { randomBytes } from '../os/random.ts';
import { applyPolicy } from './apply-policy.ts';
import { nowMs, startedAtMs } from './clock.ts';
import { answerDuplicate, finishClaim, type HookClaim, UNKEYED } from './duplicate.ts';
import { mayForgive } from './fail-open.ts';
import { beginParts, ownVariables, recorderFor } from './parts.ts';
import { type Companion, startCompanion } from './process/companion.ts';
import { inheritedDescriptors } from './process/inherited-descriptors.ts';
import { type Exit, leave, startFailure } from './process/leave.ts';
import { forwardSignals, HARMLESS } from './process/signals.ts';
import type { Started } from './process/start.ts';
import { openChannels } from './streams/channels.ts';
import { Input } from './streams/input.ts';
import { createMeters, type Meters } from './streams/meters.ts';
import { Output } from './streams/output.ts';
import { passThrough, sayOnStderr } from './streams/pass-through.ts';
import { startTimeLimit, type TimeLimit } from './time-limit.ts';

/** `--fail-open` holds back this much of each stream; a hook that prints more is passed on as it prints. */
const HELD_BYTES = 8 * 1024 * 1024;

/** Exit code after `--timeout`, as with timeout(1). */
const TIMEOUT_EXIT_CODE = 124;

/**
 * When to load, after the hook's start, what its end needs. Loading blocks the event loop for some ms: a hook that
 * exits before is not measured as slower, and one that runs longer does not wait for it.
 */
const PREPARE_AFTER_MS = 5;

/** How the hook ended, as the engine sees it. */
interface HookEnd {
  readonly kind: EndKind;
  readonly exit: Exit;
  readonly reason?: string;
  readonly durationMs?: number;
  readonly dedupeKey?: string;
  /** Whether the result may be incomplete: the hook got a signal, timed out, or its output was closed early. */
  readonly isCut?: boolean;
  /** `--fail-open` hides the failure. */
  readonly isForgiven?: boolean;
}

/** Runs the hook and records it. Resolves to how this process should end. */
export async function runHook(asked: RunOptions, given: Settings): Promise<Exit> {
  const options = applyPolicy(asked);
  // A state directory that HookBus must not use is ignored for gate, key and record alike.
  const settings = withMadeHome(given);
  const say = report(settings);
  // An error inside HookBus must not disturb the hook or print a stack trace.
  process.on('uncaughtException', (error) => say('uncaught', error));
  let watch: Watch;
  try {
    watch = await prepare(options, settings, say);
  } catch (error) {
    say('prepare', error);
    return passThrough(options.argv);
  }
  const { begin, companion, meters, recorder } = watch;
  // Skip a hook only if the skip is recorded; otherwise nobody would know.
  const gate = watch.isBegun ? gateOf(settings, options, begin) : undefined;
  if (gate !== undefined) {
    await recorder?.end(begin, endOf(skipped(gate), watch));
    await companion.stop();
    return { kind: 'code', code: 0 };
  }
  const claim = await claimFor(watch, settings, say);
  const hook = claim.kind === 'run' ? await watchHook(watch) : await duplicateEnd(claim, watch);
  const begun = watch.input.isUnfinished()
    ? withLateFacts(begin, meters.stdin.capture().bytes)
    : begin;
  const key = claim.key === undefined ? {} : { dedupeKey: claim.key };
  const end = endOf({ ...hook, ...key }, { meters, begin: begun });
  await recorder?.end(begun, end);
  const hasResult = hook.kind === 'exited' && hook.isCut !== true;
  finishClaim(claim, hasResult ? end.exitCode : undefined, meters);
  await companion.stop();
  return hook.isForgiven === true ? { kind: 'code', code: 0 } : hook.exit;
}

function gateOf({ paths }: Settings, options: RunOptions, begin: Begin): Gate | undefined {
  if (paths === undefined) return undefined;
  return closedGate(paths.gates, options, begin.createdAtMs, begin.eventType);
}

/** Does everything before the hook starts, and records what is known so far. */
async function prepare(options: RunOptions, settings: Settings, say: Report): Promise<Watch> {
  const inherited = inheritedDescriptors();
  const recorder = recorderFor(settings, say);
  const ids = newExecutionIds(startedAtMs(), randomBytes);
  const companion = startCompanion();
  // Loads while the companion starts.
  const starting = import('./process/start.ts');
  const meters = createMeters(options, settings);
  const input = new Input(meters.stdin);
  const whole = options.dedupe ? await input.whole() : undefined;
  // Without a key, keep no reference to the payload: it may be 8 MiB, and is not needed once its ids are known.
  const { begin, traceFlags, isForgiving } = describeExecution(
    beginParts(ids, options, settings, whole?.payload ?? (await input.prelude())),
  );
  const payload = whole?.isComplete === true ? whole.payload : undefined;
  const pipePaths = await companion.pipePaths;
  const { startHook } = await starting;
  const isBegun = recorder?.begin(begin) === true;
  const own = { companion, meters, input, inherited, recorder, isBegun, payload };
  return { options, begin, traceFlags, isForgiving, pipePaths, startHook, ...own };
}

interface Watch {
  readonly options: RunOptions;
  readonly begin: Begin;
  readonly traceFlags: string;
  readonly isForgiving: boolean;
  readonly companion: Companion;
  readonly meters: Meters;
  readonly input: Input;
  readonly inherited: readonly number[];
  readonly pipePaths: readonly string[];
  readonly recorder: Recorder | undefined;
  /** Whether the begin of the execution was recorded. */
  readonly isBegun: boolean;
  readonly startHook: typeof import('./process/start.ts')['startHook'];
  /** The complete payload, if a dedupe key needs it. */
  readonly payload: Uint8Array | undefined;
}

/** Without the complete payload or a record, the execution gets no key and runs. */
async function claimFor(watch: Watch, settings: Settings, report: Report): Promise<HookClaim> {
  const { begin, options, payload, isBegun } = watch;
  if (payload === undefined || !isBegun) return UNKEYED;
  const { claimKey } = await import('./claim.ts');
  return claimKey({ begin, options, settings, payload, report });
}

async function duplicateEnd(
  claim: HookClaim & { kind: 'duplicate' },
  { begin, input, meters }: Watch,
): Promise<HookEnd> {
  const { result } = claim;
  const isRefused =
    result !== undefined && isRefusal(begin.eventType, result.exitCode, result.stdout);
  await answerDuplicate(claim, meters);
  await input.linger();
  return {
    kind: 'dedupe_skip',
    exit: { kind: 'code', code: result?.exitCode ?? 0 },
    reason: duplicateReason(claim.of, isRefused),
  };
}

/** Starts the hook, and resolves when it has exited and its output was passed on. */
async function watchHook(watch: Watch): Promise<HookEnd> {
  const { options, begin, companion, input, meters, recorder, startHook } = watch;
  let isSignalled = false;
  const signals = forwardSignals({
    companion,
    onEarly: (signal) => leave({ kind: 'signal', signal }),
    onSignal: (signal) => {
      isSignalled ||= !HARMLESS.has(signal);
      input.count();
      recorder?.note(begin, endOf({ kind: 'cut_off', exit: { kind: 'signal', signal } }, watch));
    },
  });
  const channels = openChannels(watch.pipePaths);
  companion.letGo();
  const started = await startHook({
    argv: options.argv,
    env: hookEnvironment(ownVariables(begin, watch.traceFlags)),
    channels,
    inherited: watch.inherited,
  });
  if (!started.isRunning) {
    signals.stop();
    return refused(watch, started.code);
  }
  const limit = limitFor(watch, started.pid);
  void signals.hookStarted(started.pid);
  const outputs = connect(started, watch);
  setTimeout(() => recorder?.prepare(), PREPARE_AFTER_MS).unref();
  const exit = await started.exit;
  const durationMs = nowMs() - started.startedAtMs;
  const hasTimedOut = (await limit?.finish()) ?? false;
  input.leave();
  // A bare hook would still be writing what the caller has not read, so from here on a signal ends this process in its
  // place.
  signals.hookEnded(() => outputs.some((output) => output.isBlocked()));
  const finished = await finishOutputs(outputs);
  const own: HookEnd = {
    kind: exit.kind === 'code' ? 'exited' : 'signaled',
    exit,
    durationMs,
  };
  const end = hasTimedOut ? timedOut(own, watch) : own;
  const isForgiven = watch.isForgiving && mayForgive(statusOf(endOf(end, watch)), meters, outputs);
  for (const output of outputs) await output.release(!isForgiven);
  for (const [index, output] of outputs.entries()) {
    if (finished[index] === false) await output.handOver();
  }
  signals.stop();
  const keptMs = outputs.reduce((sum, output) => sum + output.keptMs(), 0);
  return {
    ...end,
    durationMs: durationMs + keptMs,
    isCut: isSignalled || hasTimedOut || outputs.some((output) => output.isCut()),
    isForgiven,
  };
}

function connect(
  started: Started & { isRunning: true },
  { isForgiving, meters, input }: Watch,
): Output[] {
  const holdBytes = isForgiving ? HELD_BYTES : 0;
  if (started.stdin !== undefined) input.feed(started.stdin);
  return [
    new Output({ source: started.stdout as Socket, fd: 1, meter: meters.stdout, holdBytes }),
    new Output({ source: started.stderr as Socket, fd: 2, meter: meters.stderr, holdBytes }),
  ];
}

/** For each output, whether all that the hook wrote was read. */
async function finishOutputs(outputs: readonly Output[]): Promise<boolean[]> {
  const finished: boolean[] = [];
  for (const output of outputs) finished.push(await output.finish());
  return finished;
}

/** The result after a timeout. If the hook may have refused in the grace period, its result counts. */
function timedOut(own: HookEnd, { options, meters }: Watch): HookEnd {
  const end = { ...own, reason: `timed out after ${options.timeoutSeconds} s` };
  const { exit } = own;
  if (exit.kind === 'code' && (exit.code === 2 || meters.stdout.kind() === 'json')) return end;
  return { ...end, kind: 'timeout', exit: { kind: 'code', code: TIMEOUT_EXIT_CODE } };
}

/** The result of a hook that a gate skips: no output, exit 0, and a record. */
function skipped({ kind }: Gate): HookEnd {
  return {
    kind: 'breaker_skip',
    exit: { kind: 'code', code: 0 },
    reason: kind === 'off' ? 'off' : 'breaker open',
  };
}

/** The result of a command that cannot start: the message and exit code of a shell. */
function refused({ options, isForgiving, meters }: Watch, code: string | undefined): HookEnd {
  const { exitCode, message } = startFailure(options.argv[0] ?? '', code);
  const isForgiven = isForgiving && mayForgive('error', meters);
  if (!isForgiven) sayOnStderr(message);
  const exit = { kind: 'code', code: exitCode } as const;
  return { kind: 'not_started', exit, reason: message, isForgiven };
}

function limitFor({ options, begin, inherited }: Watch, hookPid: number): TimeLimit | undefined {
  const { timeoutSeconds: seconds } = options;
  if (seconds === undefined) return undefined;
  return startTimeLimit({ seconds, hookPid, spanId: begin.spanId, inherited });
}

function endOf(hook: HookEnd, { meters, begin }: Pick<Watch, 'meters' | 'begin'>): End {
  const { exit } = hook;
  const stdout = stdoutFields(meters.stdout, begin.eventType);
  return {
    kind: hook.kind,
    ...(exit.kind === 'code' ? { exitCode: exit.code } : { signal: exit.signal }),
    ...(hook.reason === undefined ? {} : { reason: hook.reason }),
    ...(hook.durationMs === undefined
      ? {}
      : { durationMs: hook.durationMs, overheadMs: nowMs() - hook.durationMs }),
    stdinBytes: meters.stdin.total(),
    stderrBytes: meters.stderr.total(),
    ...stdout,
    stderrTail: meters.stderr.tail(),
    ...(hook.dedupeKey === undefined ? {} : { dedupeKey: hook.dedupeKey }),
    captures: meters.captures(),
  };
}
