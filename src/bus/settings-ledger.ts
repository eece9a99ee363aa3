import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pid } from 'node:process';
import type { AgentName, Scope } from '../agents/agent-settings.ts';
import type { Enabled } from '../agents/env-block.ts';
import { makeStateHome } from '../config/state-home.ts';
import { reasonOf } from '../domain/errors.ts';
import { digestOf, settingsError } from './settings-file.ts';

/** What `install` did to a settings file and cannot be read from it. */
export interface LedgerEntry {
  readonly path: string;
  readonly agent: AgentName;
  readonly scope: Scope;
  /** Null where the env block was left alone. */
  readonly enabled: Enabled | null;
}

const ENTRY = 'installed.json';

/** What is known of settings files, a directory each: an entry, and the file as it was before each change. */
export function createLedger(directory: string) {
  const directoryOf = (target: string): string => join(directory, digestOf(target));
  const entryOf = (target: string): string => join(directoryOf(target), ENTRY);

  return {
    /** Undefined where the file was not written by `install`, or nobody knows any more. */
    read: (target: string): LedgerEntry | undefined => readEntry(entryOf(target)),
    write(target: string, entry: LedgerEntry): void {
      const path = entryOf(target);
      keep(directoryOf(target), () => {
        writeFileSync(`${path}.${pid}`, `${JSON.stringify(entry, null, 2)}\n`, { mode: 0o600 });
        renameSync(`${path}.${pid}`, path);
      });
    },
    forget: (target: string): void => rmSync(entryOf(target), { force: true }),
    /** Every file that was written and not given back. */
    all: (): LedgerEntry[] =>
      list(directory).flatMap((name) => readEntry(join(directory, name, ENTRY)) ?? []),
    /**
     * Keeps the bytes as they are, unless they are kept already; no backup is ever written over.
     * @returns where they are
     */
    backUp(target: string, bytes: Buffer, now: Date): string {
      const own = directoryOf(target);
      const digest = digestOf(bytes).slice(0, 8);
      const known = list(own).find((name) => name.includes(`-${digest}-`));
      if (known !== undefined && readFileSync(join(own, known)).equals(bytes))
        return join(own, known);
      const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '');
      const path = join(own, `${stamp}-${digest}-${basename(target)}`);
      keep(own, () => writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' }));
      return path;
    },
  };

  function keep(own: string, write: () => void): void {
    try {
      makeStateHome(dirname(directory));
      mkdirSync(own, { recursive: true, mode: 0o700 });
      write();
    } catch (error) {
      const reason = reasonOf(error);
      throw settingsError(`no backup can be kept in ${own}: ${reason}`, 'Nothing was changed.');
    }
  }
}

function readEntry(path: string): LedgerEntry | undefined {
  try {
    const entry = JSON.parse(readFileSync(path, 'utf8')) as LedgerEntry;
    return typeof entry.path === 'string' ? entry : undefined;
  } catch {
    // Not there, or spoilt: `uninstall` then goes by the file alone.
    return undefined;
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
