import { joinHookChanges } from '../../agents/settings/env/hook-env.ts';
import { joinChanges } from '../../agents/settings/env-block.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { makeStateHome } from '../../config/home/state-home.ts';
import type { Environment } from '../../config/settings.ts';
import { isBusy, withLock } from '../../store/database.ts';
import {
  replaceSettingsFile,
  requireWritable,
  type SettingsFile,
  settingsError,
} from './settings-file.ts';
import type { createLedger, LedgerEntry } from './settings-ledger.ts';

/** How long to wait for another writer, and how often to retry when somebody else writes the file. */
const LOCK_MS = 10_000;
const ATTEMPTS = 5;

export type Ledger = ReturnType<typeof createLedger>;

/** The new text of a settings file, and what to remember of it. */
export interface SettingsChange {
  readonly file: SettingsFile;
  readonly after: string;
  /** Undefined if nothing in the file is HookBus's any more. */
  readonly entry: LedgerEntry | undefined;
  /** HookBus made the file, and nothing else is in it. */
  readonly isRemoved?: boolean;
}

/**
 * Writes a settings file; its former bytes are kept.
 * @param plan reads the file anew; asked again if another program wrote it meanwhile
 * @returns the last plan, with the path of the backup unless nothing had to be written
 * @throws HookbusError `E_SETTINGS_FILE`
 */
export function writeSettings<Plan extends SettingsChange>(
  path: string,
  ledger: Ledger,
  now: () => number,
  plan: () => Plan,
): Plan & { readonly backup: string | undefined } {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const planned = plan();
    if (planned.after === planned.file.text) return { ...planned, backup: undefined };
    const written = write(planned, ledger, now);
    if (written !== undefined) return { ...planned, ...written };
  }
  throw settingsError(`${path} keeps changing`, 'Try again when no other program writes it.');
}

/** Undefined if the file has changed since it was read. */
function write(
  { file, after, entry, isRemoved }: SettingsChange,
  ledger: Ledger,
  now: () => number,
): { readonly backup: string | undefined } | undefined {
  const isNew = file.isNew === true;
  if (!isNew) requireWritable(file);
  const backup = isNew ? undefined : ledger.backUp(file.target, file.bytes, new Date(now()));
  // If this process is killed halfway, the ledger lists more than was done, which does no harm.
  if (entry !== undefined) ledger.write(file.target, widen(entry, ledger.read(file.target)));
  if (!replaceSettingsFile(file, isRemoved === true ? undefined : after)) return undefined;
  if (entry === undefined) ledger.forget(file.target);
  else ledger.write(file.target, entry);
  return { backup };
}

function widen(entry: LedgerEntry, known: LedgerEntry | undefined): LedgerEntry {
  if (known === undefined) return entry;
  return {
    ...entry,
    ...(known.env && entry.env ? { env: joinChanges(known.env, entry.env) } : {}),
    ...(known.hookEnv && entry.hookEnv
      ? { hookEnv: joinHookChanges(known.hookEnv, entry.hookEnv) }
      : {}),
  };
}

/** Admits one writer at a time per state directory. Other writers are noticed when the file is replaced. */
export function withSettingsLock<T>(
  { paths, env }: { readonly paths: StatePaths; readonly env: Environment },
  work: () => T,
): T {
  makeStateHome(paths.home, env);
  let hasStarted = false;
  try {
    return withLock(paths.settingsLock, LOCK_MS, () => {
      hasStarted = true;
      return work();
    });
  } catch (error) {
    if (hasStarted) throw error;
    if (isBusy(error))
      throw settingsError(
        'another hookbus is changing settings files',
        'Try again when it has finished.',
      );
    // Without SQLite's native part there is no lock, but settings can be written.
    return work();
  }
}
