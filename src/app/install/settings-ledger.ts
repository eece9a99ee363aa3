import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pid } from 'node:process';
import type { AgentName, Scope } from '../../agents/settings/agent-settings.ts';
import type { Enabled } from '../../agents/settings/env-block.ts';
import { makeStateHome } from '../../config/home/state-home.ts';
import { reasonOf } from '../../domain/errors.ts';
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

/** When it was made, the beginning of its digest, and the name of the file. */
const BACKUP = /^\d{8}T\d{6}Z-[\da-f]{8}-/;

const stampOf = (time: Date): string => time.toISOString().replace(/[-:]|\.\d+/g, '');

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
    /** Every file that was written and not given back, and whether its path leads to the file that it led to then. */
    all: (): (LedgerEntry & { readonly isWhereItWas: boolean })[] =>
      list(directory).flatMap((name) => {
        const entry = readEntry(join(directory, name, ENTRY));
        return entry === undefined ? [] : { ...entry, isWhereItWas: targetOf(entry.path) === name };
      }),
    /**
     * Backups that were made before then. Of a file that still is as `install` left it, the first and the last stay,
     * since somebody may want to go back.
     */
    oldBackups: (beforeMs: number): string[] =>
      list(directory).flatMap((name) => {
        const own = join(directory, name);
        const entry = readEntry(join(own, ENTRY));
        const isInstalled = entry !== undefined && existsSync(entry.path);
        const backups = list(own)
          .filter((file) => BACKUP.test(file))
          .sort();
        const mayGo = isInstalled ? backups.slice(1, -1) : backups;
        const before = stampOf(new Date(beforeMs));
        return mayGo.filter((file) => file < before).map((file) => join(own, file));
      }),
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
      const path = join(own, `${stampOf(now)}-${digest}-${basename(target)}`);
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

function targetOf(path: string): string | undefined {
  try {
    return digestOf(realpathSync(path));
  } catch {
    return undefined;
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
