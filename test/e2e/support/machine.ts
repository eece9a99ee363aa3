import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { aState, CLI, hasLauncher, LAUNCHER, until } from '../../support/daemon.ts';
import { type AtEnd, temporaryDirectory } from '../../support/temporary.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const HOOK = join(ROOT, 'fixtures/hooks/count_run.sh');
const payload = (name: string): string =>
  readFileSync(join(ROOT, `fixtures/payloads/${name}.json`), 'utf8');

/** Payloads of an event on which a hook can block, and of one on which it cannot. */
export const BLOCKING = payload('PreToolUse.Bash');
export const OTHER = payload('PostToolUse.Bash');

/** The same call with another id. */
export const forToolUse = (input: string, id: string): string =>
  input.replace(/(?<="tool_use_id":")[^"]*/, id);

/** What the machines of a test share. */
const SECRET = 'a secret of the machines';

/** The words that start each engine. */
export const ENGINES: Readonly<Record<string, readonly string[]>> = {
  ...(hasLauncher ? { launcher: [LAUNCHER] } : {}),
  'Node engine': [execPath, CLI],
};

/** What hooks on all machines log when they run. */
export interface Counter {
  readonly path: string;
  count(): number;
}

export function aCounter(): Counter {
  const path = join(temporaryDirectory(), 'runs');
  return {
    path,
    count: () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0),
  };
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with this on its stdin. */
export async function outcomeOf(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  input: string,
): Promise<Outcome> {
  const [program = '', ...words] = command;
  const child = spawn(program, words, { env: env as NodeJS.ProcessEnv });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk: Buffer) => {
      said[stream] += chunk.toString();
    });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code: code as number | null, ...said };
}

interface MachineOptions {
  readonly secret?: string;
  readonly engine?: string;
  /** Words before each command, such as those that enter a namespace. */
  readonly inside?: readonly string[];
  readonly atEnd?: AtEnd;
}

/** A state directory with its daemon, like a separate machine. */
export async function aMachine(
  url: string,
  { secret = SECRET, engine = 'launcher', inside = [], atEnd }: MachineOptions = {},
) {
  const state = aState(temporaryDirectory(atEnd), inside, atEnd);
  writeFileSync(state.paths.config, JSON.stringify({ dedupe: { url, secret } }), { mode: 0o600 });
  const daemon = await state.daemon();
  const program = [...inside, ...(ENGINES[engine] ?? ENGINES['Node engine'] ?? [])];
  const perform = (
    words: readonly string[],
    env: Readonly<Record<string, string>>,
    input: string,
  ): Promise<Outcome> => outcomeOf([...program, ...words], { ...state.env, ...env }, input);
  const counting = (counter: Counter, exitCode: number) => ({
    COUNT_FILE: counter.path,
    COUNT_EXIT: String(exitCode),
  });
  return {
    state,
    daemon,
    perform,
    /** Runs a hook that cannot block for one tool use; it is a duplicate of whatever else runs for it. */
    run: (toolUseId: string, counter: Counter, exitCode = 0): Promise<Outcome> =>
      perform(
        ['run', '--dedupe', '--on-duplicate', 'replay', '--', HOOK],
        counting(counter, exitCode),
        forToolUse(OTHER, toolUseId),
      ),
    /** A guard: only a refusal is repeated. */
    guard: (
      toolUseId: string,
      counter: Counter,
      exitCode = 0,
      options: readonly string[] = [],
    ): Promise<Outcome> =>
      perform(
        ['run', '--dedupe', ...options, '--', HOOK],
        counting(counter, exitCode),
        forToolUse(BLOCKING, toolUseId),
      ),
    status: async (): Promise<string> => (await perform(['status', '--json'], {}, '')).stdout,
    statuses: (): string[] =>
      state.rows<{ status: string }>('SELECT status FROM hook_logs').map((row) => row.status),
  };
}

export type Machine = Awaited<ReturnType<typeof aMachine>>;

/** Number of made-up tool uses so far; each makes a new key. */
let toolUses = 0;

/**
 * Does something for one tool use after the other until the machines share its key: a server that takes longer than
 * 50 ms on a busy machine counts as down, and then each machine runs the hook once.
 * @param runs how often the hook runs if they share it
 * @param machines how many there are
 */
export async function untilShared<T>(
  act: (toolUseId: string, counter: Counter) => Promise<T>,
  runs: number,
  machines = 2,
): Promise<T> {
  return until(
    'the machines to share a key',
    async () => {
      toolUses += 1;
      const counter = aCounter();
      const outcome = await act(`toolu_${toolUses}`, counter);
      expect(counter.count()).toBeGreaterThanOrEqual(runs);
      expect(counter.count()).toBeLessThanOrEqual(machines * runs);
      return counter.count() === runs ? outcome : undefined;
    },
    75_000,
  );
}
