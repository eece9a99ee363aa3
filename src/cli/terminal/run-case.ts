import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Places } from '../../agents/settings/agent-settings.ts';
import { caseCommand, pluginVariables } from '../../app/cases/case-command.ts';
import { type CasePlace, caseEnvironment } from '../../app/cases/case-environment.ts';
import type { CaseResult } from '../../app/cases/case-report.ts';
import { checkOutcome } from '../../app/cases/check-outcome.ts';
import type { HookCase } from '../../app/cases/hook-case.ts';
import { makePayload, payloadBytes } from '../../app/cases/make-payload.ts';
import { combine, type HookRun, toRun } from '../../app/cases/outcome.ts';
import { type Candidate, selectHooks } from '../../app/cases/select-hooks.ts';
import type { FoundHook } from '../../app/hooks/configured-hooks.ts';
import type { Environment } from '../../config/settings.ts';
import { reasonOf } from '../../domain/errors.ts';
import { traceIdOf } from '../../domain/identifiers.ts';
import { replayHook } from '../../engine/replay-hook.ts';

/** What all cases share. */
export interface Bench {
  readonly places: Places;
  readonly projectDir: string;
  readonly shell: Environment;
  readonly settingsEnv: Environment;
  readonly hooksOf: (agent: HookCase['agent']) => readonly FoundHook[];
  /** No hook runs longer, whatever its own limit is. */
  readonly maxSeconds: number;
  readonly now: () => number;
}

/** How much of each output is kept. */
const KEPT_BYTES = 1024 * 1024;

/** Runs the hooks of one case, and compares. Never throws. */
export async function runCase(one: HookCase, bench: Bench): Promise<CaseResult> {
  let scratch: string | undefined;
  try {
    scratch = realpathSync(mkdtempSync(join(tmpdir(), 'hookbus-case-')));
    return await runIn(scratch, one, bench);
  } catch (error) {
    const got = reasonOf(error);
    const differences = [{ what: 'case', expected: 'it can be prepared', got }];
    return { case: one, outcome: combine([], true), runs: [], differences, notes: [] };
  } finally {
    if (scratch !== undefined) removeScratch(scratch);
  }
}

function removeScratch(scratch: string): void {
  try {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // What a hook left behind may still write there, which is no reason to fail.
  }
}

async function runIn(scratch: string, one: HookCase, bench: Bench): Promise<CaseResult> {
  const { agent, event } = one;
  const cwd = one.directory === 'scratch' ? join(scratch, 'work') : bench.projectDir;
  const place = { projectDir: bench.projectDir, cwd, scratch, sessionId: randomUUID() };
  if (one.directory === 'scratch') makeFiles(cwd, one.files);
  const payload = makePayload(one, { ...place, nowMs: bench.now() });
  const occasion = { agent, event, payload };
  const candidates = selectHooks(bench.hooksOf(agent), occasion, bench.places, cwd);
  const firing = candidates.filter(
    ({ hook, verdict }) => verdict.fires !== 'no' && (one.hooks?.includes(hook.hookName) ?? true),
  );
  const start = (candidate: Candidate) =>
    runHook(candidate, one, payloadBytes(agent, payload), place, bench);
  const runs = (await (agent === 'copilot' ? inTurn(firing, start) : atOnce(firing, start))).flat();
  const outcome = combine(runs, agent !== 'copilot');
  const differences = checkOutcome(one, { outcome, runs, candidates });
  return { case: one, outcome, runs, differences, notes: notesOn(firing, runs) };
}

const atOnce = <T>(items: readonly Candidate[], start: (item: Candidate) => Promise<T>) =>
  Promise.all(items.map(start));

async function inTurn<T>(items: readonly Candidate[], start: (item: Candidate) => Promise<T>) {
  const results: T[] = [];
  for (const item of items) results.push(await start(item));
  return results;
}

function makeFiles(directory: string, files: HookCase['files']): void {
  mkdirSync(directory);
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** Runs one hook as its agent would; nothing if it has no command. */
async function runHook(
  { hook, verdict }: Candidate,
  { agent, event, env }: HookCase,
  stdin: Uint8Array,
  place: CasePlace,
  bench: Bench,
): Promise<HookRun[]> {
  const given = {
    shell: bench.shell,
    more: [bench.settingsEnv, hook.options?.env ?? {}, pluginVariables(hook), env],
  };
  const environment = caseEnvironment(agent, event, place, given);
  const argv = caseCommand(hook, environment);
  if (argv === undefined) return [];
  const limitSeconds = hook.limitMs / 1000;
  const directory = hook.options?.directory;
  const isCapped = bench.maxSeconds < limitSeconds;
  const end = await replayHook({
    argv,
    stdin,
    cwd: directory === undefined ? place.cwd : resolve(place.projectDir, directory),
    eventType: event,
    env: environment,
    correlationId: traceIdOf(randomBytes(16)),
    spanId: traceIdOf(randomBytes(8)),
    timeoutSeconds: isCapped ? bench.maxSeconds : limitSeconds,
    keepBytes: KEPT_BYTES,
    leadsSession: true,
  });
  return [toRun(agent, event, { hook, verdict, end, endedAtMs: bench.now(), isCapped })];
}

/** What a person should know about a case that may well pass. */
function notesOn(firing: readonly Candidate[], runs: readonly HookRun[]): string[] {
  const nameOf = ({ hookName, type, path, line }: FoundHook): string =>
    hookName || `${type} at ${path}:${line}`;
  return [
    ...firing
      .filter(({ hook }) => hook.kind === 'other')
      .map(
        ({ hook }) => `${nameOf(hook)} has no command, so it did not run; its answer may differ`,
      ),
    ...runs.flatMap(({ hook, verdict, answer, end }) => [
      ...(verdict.fires === 'unknown' ? [`${nameOf(hook)} ran: ${verdict.reason}`] : []),
      ...(hook.isAsync ? [`${nameOf(hook)} is async: its answer has no effect`] : []),
      ...(end.kind === 'timeout' ? [`${nameOf(hook)} ${end.reason}; its answer is not heard`] : []),
      ...(answer.warning === undefined ? [] : [`${nameOf(hook)}: ${answer.warning}`]),
    ]),
  ];
}
