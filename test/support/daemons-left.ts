import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../bin/hookbus.js', import.meta.url));

/** The daemons of this checkout with a temporary state directory, which tests have started. */
export function testDaemons(): number[] {
  return processes(
    (words, variables) =>
      words.includes(ENTRY) &&
      words.includes('daemon') &&
      variables.some((variable) => variable.startsWith(`HOOKBUS_HOME=${tmpdir()}/`)),
  );
}

/** All processes with this state directory in their environment: what runs hooks there, and what those started. */
export function processesOf(home: string): number[] {
  return processes((_words, variables) => variables.includes(`HOOKBUS_HOME=${home}`));
}

/** The daemons of this state directory, also those that do not answer. */
export function daemonsOf(home: string): number[] {
  return processes(
    (words, variables) => words.includes('daemon') && variables.includes(`HOOKBUS_HOME=${home}`),
  );
}

function processes(isWanted: (words: string[], variables: string[]) => boolean): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => isWanted(listIn(pid, 'cmdline'), listIn(pid, 'environ')))
    .map(Number);
}

/** Empty for a process that is gone or belongs to another user. */
function listIn(pid: string, file: 'cmdline' | 'environ'): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
