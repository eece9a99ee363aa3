import { spawn } from 'node:child_process';
import { cpus } from 'node:os';

/** It ends after a while, in case nobody kills it. */
const COUNT = 'const end = Date.now() + 1_200_000; while (Date.now() < end);';

/** Does `work` while another process keeps each CPU busy. */
export async function keepBusy<T>(work: () => T): Promise<T> {
  const counting = cpus().map(() => spawn(process.execPath, ['-e', COUNT], { stdio: 'ignore' }));
  try {
    return work();
  } finally {
    for (const child of counting) child.kill('SIGKILL');
  }
}
