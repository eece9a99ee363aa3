import { spawn } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { MetricsReport } from '../../src/metrics/report.ts';
import { isAlive } from '../conformance/support/processes.ts';
import { until } from '../conformance/support/until.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';

const ENTRY = fileURLToPath(new URL('../../bin/hookbus.js', import.meta.url));

/** Runs --watch on a state directory with one execution, and collects its output. */
function aWatch(command: readonly string[]) {
  const { home, paths } = freshState();
  const record = (): void =>
    writeExecutions(paths.database, [
      recordedOf(anExecution({ createdAt: new Date().toISOString() })),
    ]);
  record();
  const [program = '', ...words] = command;
  const child = spawn(program, words, {
    env: { PATH: process.env['PATH'], TERM: 'xterm', HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { child, record, text: () => text };
}

it('metrics --watch shows new executions, as one JSON object per line', async () => {
  const { child, record, text } = aWatch([execPath, ENTRY, 'metrics', '1', '--watch', '--json']);
  const lines = (): MetricsReport[] =>
    text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  await until('the first numbers', () => text().includes('\n'));
  record();
  await until('the next numbers', () => lines().some(({ executions }) => executions === 2), 15_000);
  expect(lines()[0]?.executions).toBe(1);
  const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  child.kill('SIGINT');
  expect(await ended).toBe('SIGINT');
});

it('metrics --watch redraws in place on a terminal', async () => {
  const line = `stty cols 100 rows 12; exec ${execPath} ${ENTRY} metrics 1 --watch`;
  const { record, text } = aWatch(['script', '-qfec', line, '/dev/null']);
  await until('the first numbers', () => text().includes('1 execution of'));
  record();
  await until('the next numbers', () => text().includes('2 executions of'), 15_000);
  const screens = text().split('\u001b[H').slice(1);
  expect(screens.length).toBeGreaterThan(1);
  // The terminal has twelve rows; more lines would scroll.
  for (const screen of screens) expect(screen.split('\n').length).toBeLessThanOrEqual(12);
  expect(screens.at(-1)).toContain('Ctrl-C quits.');
});

it('metrics --watch leaves the terminal as it was, with the last numbers, on Ctrl-C', async () => {
  const line = `echo pid $$; stty cols 80 rows 24; exec ${execPath} ${ENTRY} metrics 1 --watch`;
  const { text } = aWatch(['script', '-qfec', line, '/dev/null']);
  await until('the first numbers', () => text().includes('1 execution of'));
  expect(text().split('\u001b[?1049h')[0]).not.toContain('execution');
  const pid = Number(/pid (\d+)/.exec(text())?.[1]);
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, 'SIGINT');
  await until('the other screen', () => text().includes('\u001b[?1049l'));
  const after = (): string => text().split('\u001b[?1049l')[1] ?? '';
  await until('the last numbers', () => after().includes('Ctrl-C quits.'));
  expect(after()).toContain('1 execution of');
  expect(text()).toContain('\u001b[?25h');
});
