import { spawn } from 'node:child_process';
import type { Environment } from '../../config/settings.ts';

/** Signs that a shell has to read; git uses the same rule. */
const NEEDS_SHELL = /[|&;<>()$`\\"'\s*?[#~=%]/;

/** What a shell says if there is no such program, or if it is none. */
const NOT_STARTED = [126, 127];

/** The signals that a terminal sends to every program on it: the pager decides when it ends. */
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'] as const;

/**
 * Shows a text in the pager of the environment, as git does: $PAGER, else less, which shows colours and ends by itself
 * if the text fits. Resolves when it has ended, to false if it could not be started.
 */
export async function showInPager(text: string, env: Environment): Promise<boolean> {
  const pager = env['PAGER'] ?? 'less';
  if (pager.trim() === '' || pager.trim() === 'cat') return false;
  const child = spawn(pager, {
    shell: NEEDS_SHELL.test(pager),
    stdio: ['pipe', 'inherit', 'inherit'],
    // Our text is UTF-8 also where no locale says so.
    env: { LESS: 'FRX', LESSCHARSET: 'utf-8', LV: '-c', ...env },
  });
  const ignore = (): void => undefined;
  for (const signal of FROM_TERMINAL) process.on(signal, ignore);
  // The user may close it before it has read everything.
  child.stdin.on('error', ignore);
  child.stdin.end(text);
  try {
    return await new Promise((resolve) => {
      child.once('error', () => resolve(false));
      child.once('exit', (code) => resolve(!NOT_STARTED.includes(code ?? 0)));
    });
  } finally {
    for (const signal of FROM_TERMINAL) process.off(signal, ignore);
  }
}
