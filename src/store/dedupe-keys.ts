import type { Claim } from '../domain/key/claim.ts';
import { type KeyedEnd, type KeyResult, recordable } from '../domain/key/dedupe-key.ts';
import type { Database } from './database.ts';

/** A key within its hook. */
export interface KeyId {
  readonly key: string;
  readonly hookName: string;
}

/** The row that a claim writes if the key is free. */
export interface NewKey
  extends KeyId,
    Pick<Claim, 'executionId' | 'brokerPid' | 'brokerStart' | 'expiresAt'> {
  readonly ownerPid: number;
  readonly ownerStart: number;
  readonly createdAt: string;
}

/** How many expired keys one claim deletes: more than the one that it adds, so that the table stays small. */
const MAX_DELETED_AT_ONCE = 2;

const ROW = `
  execution_id AS executionId, state, exit_code AS exitCode, stdout, stderr, owner_pid AS ownerPid,
  owner_start AS ownerStart, broker_pid AS brokerPid, broker_start AS brokerStart, expires_at AS expiresAt`;

const NEW_ROW = `
  INTO dedupe_keys
    (dedupe_key, hook_name, execution_id, state, owner_pid, owner_start, broker_pid, broker_start, created_at, expires_at)
  VALUES (@key, @hookName, @executionId, 'running', @ownerPid, @ownerStart, @brokerPid, @brokerStart, @createdAt,
    @expiresAt)`;

/** The only code that reads and writes `dedupe_keys`. All functions throw SQLite's errors. */
export function createKeyTable(db: Database) {
  const find = db.prepare<KeyId, Claim>(
    `SELECT ${ROW} FROM dedupe_keys WHERE dedupe_key = @key AND hook_name = @hookName`,
  );
  const add = db.prepare<NewKey>(`INSERT OR IGNORE ${NEW_ROW}`);
  const replace = db.prepare<NewKey>(`INSERT OR REPLACE ${NEW_ROW}`);
  const deleteExpired = db.prepare<[string]>(
    `DELETE FROM dedupe_keys WHERE rowid IN
      (SELECT rowid FROM dedupe_keys WHERE expires_at < ? ORDER BY expires_at LIMIT ${MAX_DELETED_AT_ONCE})`,
  );
  const identify = db.prepare<KeyId & { executionId: string; start: number }>(`
    UPDATE dedupe_keys SET owner_start = @start
    WHERE dedupe_key = @key AND hook_name = @hookName AND execution_id = @executionId AND state = 'running'`);
  const finish = db.prepare(`
    UPDATE dedupe_keys SET state = 'done', exit_code = @exitCode, stdout = @stdout, stderr = @stderr
    WHERE dedupe_key = @key AND hook_name = @hookName AND execution_id = @executionId AND state = 'running'`);
  const refuse = db.prepare(`
    INSERT OR REPLACE INTO dedupe_keys
      (dedupe_key, hook_name, execution_id, state, exit_code, stdout, stderr, created_at, expires_at)
    VALUES (@key, @hookName, @executionId, 'done', @exitCode, @stdout, @stderr, @createdAt, @expiresAt)`);
  const release = db.prepare<KeyId & { executionId: string; brokerPid: number | null }>(`
    DELETE FROM dedupe_keys
    WHERE dedupe_key = @key AND hook_name = @hookName AND execution_id = @executionId AND state = 'running'
      AND (@brokerPid IS NULL OR broker_pid = @brokerPid)`);

  const takeOver = db.transaction((wanted: NewKey, isFree: (row: Claim) => boolean) => {
    const row = find.get({ key: wanted.key, hookName: wanted.hookName });
    if (row !== undefined && !isFree(row)) return row;
    replace.run(wanted);
    return undefined;
  });

  return {
    /** The row of a key. */
    find: (id: KeyId): Claim | undefined => find.get(idOf(id)),
    /**
     * Takes a key that is free, or whose row `isFree` declares obsolete; atomic across processes.
     * @returns undefined if the key is taken now, else the row in the way
     */
    claim(asked: NewKey, isFree: (row: Claim) => boolean): Claim | undefined {
      const wanted = { ...asked, ...idOf(asked) };
      // Most keys are new, which takes one statement.
      return add.run(wanted).changes > 0 ? undefined : takeOver.immediate(wanted, isFree);
    },
    /** Records when the process of a claim's owner started; a finished claim stays unchanged. */
    identify(id: KeyId, executionId: string, start: number): void {
      identify.run({ ...idOf(id), executionId, start });
    },
    /** Ends a claim with a result. @returns false if the execution no longer owned the claim */
    finish: (id: KeyId, executionId: string, { exitCode, outputs }: KeyedEnd): boolean =>
      finish.run({
        ...idOf(id),
        executionId,
        exitCode,
        stdout: outputs?.stdout ?? null,
        stderr: outputs?.stderr ?? null,
      }).changes > 0,
    /** Stores a refusal, whoever owns the key. */
    refuse: (
      row: Pick<NewKey, 'key' | 'hookName' | 'executionId' | 'createdAt' | 'expiresAt'>,
      exitCode: number,
      { stdout, stderr }: Omit<KeyResult, 'exitCode'>,
    ): void => void refuse.run({ ...row, ...idOf(row), exitCode, stdout, stderr }),
    /** Deletes a few expired keys. @param now UTC, in the format of `created_at` */
    deleteExpired: (now: string): void => void deleteExpired.run(now),
    /** Releases a claim, but neither another owner's nor one that the execution made through another broker. */
    release: (id: KeyId, executionId: string, brokerPid: number | null): boolean =>
      release.run({ ...idOf(id), executionId, brokerPid }).changes > 0,
  };
}

/** A name that contains a secret is stored as its digest, so that two such names stay different. */
const idOf = ({ key, hookName }: KeyId): KeyId => ({ key, hookName: recordable(hookName) });

export type KeyTable = ReturnType<typeof createKeyTable>;
