import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Gate, gateName, gatePath, readGate } from './gate-file.ts';

/** A gate as it is found in the directory. */
export interface FoundGate extends Gate {
  /** The hook's name; of a very long one, the digest that its file is named by. */
  readonly hookName: string;
  readonly file: string;
}

/** Puts a gate in place of whatever is there, as a whole; the directory must be there. @throws what the file system says */
export function writeGate(directory: string, hookName: string, gate: Gate): void {
  const path = gatePath(directory, hookName);
  // No hook's gate has a tilde in its name.
  const temporary = `${path}~${process.pid}.new`;
  rmSync(temporary, { force: true });
  const text = `${gate.kind} ${gate.untilMs}${gate.sparesBlocking === true ? ' nonblocking' : ''}\n`;
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  removeClaims(directory, gateName(hookName));
}

/** Takes a hook's gate away; where there is none, that is well. @throws what the file system says */
export function removeGate(directory: string, hookName: string): void {
  removeGateFile(directory, gateName(hookName));
}

/** The same by the name of the file. */
export function removeGateFile(directory: string, file: string): void {
  rmSync(join(directory, file), { force: true });
  removeClaims(directory, file);
}

/** What is left of probes; after their gate, so that nobody can make a claim anew for a gate that is still there. */
function removeClaims(directory: string, file: string): void {
  for (const name of namesIn(directory)) {
    if (name.startsWith(`${file}~`) && !name.endsWith('.new')) {
      rmSync(join(directory, name), { force: true });
    }
  }
}

/** Every gate there is, whether in force or run out. */
export function listGates(directory: string): FoundGate[] {
  return namesIn(directory).flatMap((file) => {
    const gate = file.includes('~') ? undefined : readGate(join(directory, file));
    return gate === undefined ? [] : [{ ...gate, file, hookName: hookNameOf(file) }];
  });
}

function hookNameOf(file: string): string {
  const bytes = file.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
