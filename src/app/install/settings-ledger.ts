import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { AgentName, Scope } from '../../agents/settings/agent-settings.ts';
import type { HookEnvChanges } from '../../agents/settings/env/hook-env.ts';
import type { EnvChanges } from '../../agents/settings/env-block.ts';
import { makeStateHome } from '../../config/home/state-home.ts';
import type { Environment } from '../../config/settings.ts';
import { reasonOf } from '../../domain/errors.ts';
import { replaceFile } from '../../os/replace-file.ts';
import { digestOf, settingsError } from './settings-file.ts';
import type { Spellings } from './toml/toml-settings.ts';

/** What HookBus did to a settings file, as far as the file itself does not show it. */
export interface LedgerEntry {
  readonly path: string;
  readonly agent: AgentName;
  readonly scope: Scope;
  /** Null if HookBus did not change the env block. */
  readonly env: EnvChanges | null;
  /** What HookBus changed in the `env` of hooks. */
  readonly hookEnv?: HookEnvChanges;
  /** How commands in a TOML file were spelled. */
  readonly spellings?: Spellings;
  /** There was no file. */
  readonly madeFile?: true;
}

const ENTRY = 'installed.json';

/** When the backup was made, the first digits of its digest, and the name of the file. */
const BACKUP = /^\d{8}T\d{6}Z-[\da-f]{8}-/;

const stampOf = (time: Date): string => time.toISOString().replace(/[-:]|\.\d+/g, '');

/** One directory per settings file: an entry, and a backup from before each change. */
export function createLedger(directory: string, env?: Environment) {
  const directoryOf = (target: string): string => join(directory, digestOf(target));
  const entryOf = (target: string): string => join(directoryOf(target), ENTRY);

  return {
    /** Undefined if `install` did not change the file, or the entry is lost. */
    read: (target: string): LedgerEntry | undefined => readEntry(entryOf(target)),
    write(target: string, entry: LedgerEntry): void {
      const text = `${JSON.stringify(entry, null, 2)}\n`;
      keep(directoryOf(target), () => replaceFile(entryOf(target), text));
    },
    forget: (target: string): void => rmSync(entryOf(target), { force: true }),
    /**
     * Every file that `install` changed and `uninstall` has not restored, and whether its path still leads to the same
     * file.
     */
    all: (): (LedgerEntry & { readonly isWhereItWas: boolean })[] =>
      list(directory).flatMap((name) => {
        const entry = readEntry(join(directory, name, ENTRY));
        return entry === undefined ? [] : { ...entry, isWhereItWas: targetOf(entry.path) === name };
      }),
    /**
     * Backups that were made before `beforeMs`. If `install` still manages the file, its first and last backup stay, so
     * that the user can go back.
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
     * Saves the bytes unless a backup has them already. Never overwrites a backup.
     * @returns the path of the backup
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

  function keep(own: string, write: () => unknown): void {
    try {
      makeStateHome(dirname(directory), env);
      mkdirSync(own, { recursive: true, mode: 0o700 });
      write();
    } catch (error) {
      const reason = reasonOf(error);
      throw settingsError(
        `no backup can be written to ${own}: ${reason}`,
        'HookBus changed no file.',
      );
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

/** Version 0.1.0 knew one variable. */
interface OldEntry {
  readonly enabled?: { readonly previous: string | null; readonly madeBlock: boolean } | null;
}

const toChanges = ({ previous, madeBlock }: NonNullable<OldEntry['enabled']>): EnvChanges => ({
  previous: { HOOKBUS_ENABLED: previous },
  madeBlock,
});

function readEntry(path: string): LedgerEntry | undefined {
  try {
    const entry = JSON.parse(readFileSync(path, 'utf8')) as LedgerEntry & OldEntry;
    if (typeof entry.path !== 'string') return undefined;
    const { enabled, ...rest } = entry;
    return enabled === undefined ? rest : { ...rest, env: enabled && toChanges(enabled) };
  } catch {
    // Missing or broken: `uninstall` then uses the settings file alone.
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
