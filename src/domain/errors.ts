/** Every code that a command can fail with, and what it means; docs/errors.md shows this table. Programs depend on the codes. */
export const ERROR_CODES = {
  E_USAGE: 'A command, an option or a value cannot be used. The message says what was expected.',
  E_SETTING: 'A variable that the command needs has a value that cannot be used.',
  E_NOT_FOUND: 'There is no such execution or session.',
  E_AMBIGUOUS: 'Several executions or sessions have an id that begins like this.',
  E_REPLAY: 'Nothing that you asked for can be replayed; the message says why.',
  E_NO_HOME: 'Neither `HOOKBUS_HOME` nor `HOME` says where the state directory is.',
  E_HOME: 'The state directory may belong to somebody else; the message says what to type.',
  E_DB: 'The database cannot be opened, read or written; the message has the reason.',
  E_DB_NEWER: 'A later HookBus made the database. It stays as it is; executions wait in the spool.',
  E_FILE: 'A file cannot be written, or exists and would have been replaced.',
  E_CONFIG: 'config.json cannot be read or written; the message says where and why.',
  E_GATE: 'The gate file of the hook cannot be changed; the message has the reason.',
  E_HOOK:
    'It is not clear which hook you mean: none of that name is on record, or several are, or its recorded command is incomplete.',
  E_CONFIRM: 'Nobody confirmed what `off` does to this hook; nothing was changed.',
  E_PROTECTED: '/etc/hookbus/policy.json, which belongs to root, protects this hook.',
  E_DASHBOARD: 'The dashboard cannot be served or opened; the message has the reason.',
  E_DAEMON: 'The daemon was started and does not answer, or cannot be followed; its log says why.',
  E_SQLITE: 'better-sqlite3 is missing, or its native part does not fit this Node.js.',
  E_SETTINGS_FILE:
    'A settings file cannot be used; the message says which file, and where it is not JSON.',
  E_UNEXPECTED: 'An error in HookBus itself. `HOOKBUS_DEBUG=1` shows where.',
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

/** What an error says, whatever was thrown. Some say nothing, such as one for several attempts to connect. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
