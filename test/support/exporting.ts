import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { aState, until } from './daemon.ts';

export type State = ReturnType<typeof aState>;

/** A state directory with this config.json. */
export function aStateWith(config: object): State {
  const state = aState();
  configure(state, config);
  return state;
}

export function configure(state: State, config: object): void {
  writeFileSync(state.paths.config, JSON.stringify(config));
}

export const logOf = (state: State): string => readFileSync(state.paths.log, 'utf8');

/** The daemon's report on one exporter; undefined while there is none. */
export async function exporterState(state: State, name: string) {
  return (await state.ask())?.exporters.find((exporter) => exporter.name === name);
}

/** Waits until the exporter is open. */
export const isOpen = (state: State, name: string) =>
  until(`${name} to be open`, async () => (await exporterState(state, name))?.target ?? undefined);

/** Waits until this many executions are stored. */
export const stored = (state: State, count: number) =>
  until(`${count} rows`, () => state.rows('SELECT 1 FROM hook_logs').length === count);

/** Whether a program is installed. If not, prints that on stderr, because a skipped test looks much like one that passed. */
export function hasProgram(program: string, words: readonly string[], what: string): boolean {
  const isThere = spawnSync(program, words).status === 0;
  if (!isThere) process.stderr.write(`no ${program}, so ${what} is not tested\n`);
  return isThere;
}

/** A program for one test; it is gone when the test has finished. */
export function aProcess(program: string, words: readonly string[]) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended;
  });
  return { child, stdout: () => stdout };
}

/** The `service.instance.id` of this state directory. */
export const instanceId = (state: State): string =>
  state.rows<{ value: string }>("SELECT value FROM export_state WHERE name = 'instance_id'")[0]
    ?.value ?? '';
