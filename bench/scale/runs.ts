import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { launcher } from '../subjects.ts';

const PAYLOAD = join('fixtures', 'payloads', 'PreToolUse.Bash.json');
const PAUSE = '/bin/sleep';

/**
 * Times real runs with bench/timer.c, compiled to `timer`, a few a second, next to whatever else goes on.
 * @returns for each run the ns of the bare command and of the one behind a launcher
 */
export async function timeRuns(timer: string, home: string, runs: number): Promise<number[][]> {
  const { command, env = {} } = launcher(home);
  const wrapped = [...Object.entries(env).map(([key, value]) => `${key}=${value}`), ...command];
  const lines = [['/bin/true'], wrapped, [PAUSE, '0.1']].map((words) => words.join('\t'));
  const child = spawn(timer, [String(runs), PAYLOAD, '1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(`${lines.join('\n')}\n`);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`the timer ended with ${status}`);
  return printed
    .trim()
    .split('\n')
    .map((line) => line.split(' ').slice(0, 2).map(Number));
}
