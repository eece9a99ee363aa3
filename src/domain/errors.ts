/** Every code that a command can fail with, and what it means; docs/troubleshooting.md shows this table. Programs depend on the codes. */
export const ERROR_CODES = {
  E_USAGE: 'A command, an option or an argument is invalid. The message says what to type.',
  E_SETTING: 'An environment variable that the command needs is invalid.',
  E_NOT_FOUND: 'There is no such execution or session.',
  E_AMBIGUOUS: 'Several executions or sessions have an id that starts like this. Type more of it.',
  E_CASES: 'No cases of hooks were found; the message says where.',
  E_REPLAY: 'None of the executions can be replayed, or you did not confirm; the message says why.',
  E_NO_HOME: 'Neither `HOOKBUS_HOME` nor `HOME` is set, so there is no state directory.',
  E_HOME:
    'HookBus does not trust the state directory, or others can access it; the message says what to type.',
  E_DB: 'The database cannot be opened, read or written; the message says why.',
  E_DB_NEWER:
    'A newer HookBus wrote the database. It is not changed; executions wait in the spool.',
  E_FILE: 'A file cannot be written, or it exists and `--force` was not given.',
  E_CONFIG: 'config.json is invalid or cannot be written; the message says where and why.',
  E_POLICY: 'Root forbids users to change the setting; the message names the file.',
  E_GATE: 'The gate file of the hook cannot be changed; the message says why.',
  E_HOOK:
    'The hook is ambiguous: none with that name is recorded, several are, or its recorded command is incomplete.',
  E_CONFIRM: 'You did not confirm `off` for this hook; nothing was changed.',
  E_PROTECTED: 'Root protects the hook in /etc/hookbus/policy.json.',
  E_DASHBOARD: 'The dashboard cannot be served or opened; the message says why.',
  E_DAEMON: 'The daemon was started but does not answer, or it cannot be followed; see its log.',
  E_SQLITE:
    'better-sqlite3 is not installed or its native part cannot be loaded, and this Node.js is older than 22.13, which has SQLite.',
  E_SETTINGS_FILE:
    'A settings file cannot be used; the message says which one, and where its JSON is invalid.',
  E_UNEXPECTED: 'An internal error of HookBus. `HOOKBUS_DEBUG=1` prints the stack.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error that a person can fix: what was expected, what came, and what to do. */
export class HookbusError extends Error {
  override readonly name = 'HookbusError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The message of any thrown value. Some errors have an empty one, such as the error for several failed connections. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
