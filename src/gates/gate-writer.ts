import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type HookId, isWholeCommand } from '../domain/hook/hook-id.ts';
import { readOwnFile } from '../os/own-file.ts';
import { replaceFile } from '../os/replace-file.ts';
import { redactText } from '../redaction/redaction.ts';
import { type Gate, type GateKind, gateFiles, gateLine, readGate } from './gate-file.ts';

/** A gate found in the directory. */
export interface FoundGate extends Gate {
  /** The hook's name; if the file has none, the name of the file. */
  readonly hookName: string;
  /** Without secrets; undefined if the file has none. */
  readonly command: string | undefined;
  readonly file: string;
}

/** Writes the gate files of a hook; the directory must exist. @throws the file system's error */
export function writeGate(directory: string, hook: HookId, gate: Gate): void {
  for (const file of gateFiles(hook)) writeGateFile(directory, file, hook, gate);
}

/** Replaces one of them atomically. */
export function writeGateFile(directory: string, file: string, hook: HookId, gate: Gate): void {
  // Engines read the first line. The second is for people: the file is named after the command, which may be redacted here.
  const shown = JSON.stringify({ hook: hook.hookName, command: redactText(hook.command) });
  replaceFile(join(directory, file), `${gateLine(gate)}\n${shown}\n`);
}

/** Removes a gate by its file; a missing file is fine. @throws the file system's error */
export function removeGate(directory: string, file: string): void {
  rmSync(join(directory, file), { force: true });
}

const GATE_FILE = /^[0-9a-f]{32}$/;

/** Older gate files: the hook's name and, in later versions, a digest of its command. */
const OLD_FILE = /^([^~]+)(?:~[0-9a-f]{32})?$/;

/** All gates, including expired ones; a hook with several files appears once. */
export function listGates(directory: string): FoundGate[] {
  const files = listGateFiles(directory).map((gate) => {
    const { hookName, command, kind, untilMs } = gate;
    return [JSON.stringify([hookName, command, kind, untilMs]), gate] as const;
  });
  return [...new Map(files).values()];
}

/** All gate files. */
export function listGateFiles(directory: string): FoundGate[] {
  return namesIn(directory).flatMap((file) => {
    const gate = GATE_FILE.test(file) ? readGate(join(directory, file)) : undefined;
    return gate === undefined ? [] : [{ ...gate, file, ...shownIn(directory, file) }];
  });
}

/** Gates that older versions left under other names. They no longer have any effect. */
export function listOldGates(
  directory: string,
): { readonly hookName: string; readonly kind: GateKind; readonly file: string }[] {
  return namesIn(directory).flatMap((file) => {
    const [, name] = GATE_FILE.test(file) ? [] : (OLD_FILE.exec(file) ?? []);
    const kind = name === undefined ? undefined : oldKind(join(directory, file));
    return kind === undefined || name === undefined
      ? []
      : [{ kind, file, hookName: decodedName(name) }];
  });
}

function oldKind(path: string): GateKind | undefined {
  try {
    const [, kind] = /^(off|breaker) \d/.exec(readOwnFile(path).toString()) ?? [];
    return kind as GateKind | undefined;
  } catch {
    return undefined;
  }
}

/** Removes files that only older versions read and that nobody made by hand. @throws the file system's error */
export function removeOldBreakers(directory: string): void {
  const breakers = listOldGates(directory).filter(({ kind }) => kind === 'breaker');
  const claims = namesIn(directory).filter((file) => /^[^~]+~\d+\.\d+$/.test(file));
  for (const file of [...breakers.map((gate) => gate.file), ...claims]) removeGate(directory, file);
}

function shownIn(directory: string, file: string): Pick<FoundGate, 'hookName' | 'command'> {
  try {
    const [, line = ''] = readOwnFile(join(directory, file)).toString().split('\n');
    const { hook, command } = JSON.parse(line) as { hook?: unknown; command?: unknown };
    if (typeof hook === 'string' && typeof command === 'string') {
      const id = { hookName: hook, command };
      // A false entry would hide which hook is off. If the command is redacted, this cannot be checked.
      if (!isWholeCommand(command) || gateFiles(id).includes(file)) return id;
    }
  } catch {
    // It was written by hand, or is gone.
  }
  return { hookName: file, command: undefined };
}

function decodedName(file: string): string {
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
