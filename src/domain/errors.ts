/** A mistake that a person can mend: what was expected, what came, and what to do about it. */
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

/** What an error says, whatever was thrown. Some say nothing, such as one for several attempts to connect. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
