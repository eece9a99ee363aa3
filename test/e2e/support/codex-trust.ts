import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Driven } from './one-call.ts';

/** What Codex says about a hook. */
export interface ListedHook {
  readonly key: string;
  readonly currentHash: string;
  readonly trustStatus: string;
}

/** Asks the real Codex which hooks it would run in a project. */
export async function listHooks(
  { client, isolation }: Driven,
  home: string,
  project: string,
): Promise<ListedHook[]> {
  const [command = '', ...words] = isolation;
  const child = spawn(command, [...words, client, 'app-server'], {
    cwd: project,
    env: { PATH: process.env['PATH'], HOME: home },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const clientInfo = { name: 'test', title: 'test', version: '1' };
  const requests = [
    { id: 1, method: 'initialize', params: { clientInfo } },
    { method: 'initialized' },
    { id: 2, method: 'hooks/list', params: { cwds: [project] } },
  ];
  for (const request of requests) child.stdin.write(`${JSON.stringify(request)}\n`);
  for await (const line of createInterface(child.stdout)) {
    const { id, result } = JSON.parse(line) as Answer;
    if (id !== 2) continue;
    child.stdin.end();
    return (result?.data ?? []).flatMap(({ hooks }) => hooks);
  }
  throw new Error('Codex did not list its hooks');
}

interface Answer {
  readonly id?: number;
  readonly result?: { readonly data?: readonly { readonly hooks: readonly ListedHook[] }[] };
}

/** The lines by which the settings of Codex trust hooks as they are now. */
export const trusting = (hooks: readonly ListedHook[]): string =>
  hooks
    .map(
      ({ key, currentHash }) =>
        `[hooks.state.${JSON.stringify(key)}]\ntrusted_hash = "${currentHash}"\n`,
    )
    .join('\n');
