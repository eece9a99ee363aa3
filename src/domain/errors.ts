/** An error that the user can fix: the message says what is wrong, the hint what to do about it. */
export class HookbusError extends Error {
  override readonly name = 'HookbusError';
  readonly code: string;
  readonly hint: string | undefined;

  /** @param code stable word for programs, such as `E_USAGE`; docs/cli.md lists them */
  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The message of any thrown value. Some errors have an empty one, such as the error for several failed connections. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
