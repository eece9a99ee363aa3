import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { visible } from '../output/text.ts';

export interface FailureStyle {
  /** The command that failed; undefined if the command line names none. */
  readonly command: string | undefined;
  readonly isJson: boolean;
  /** True with `HOOKBUS_DEBUG=1`. */
  readonly showsStack: boolean;
}

/** The text for stderr: one line, or one JSON object. */
export function describeFailure(error: unknown, style: FailureStyle): string {
  const { code, message, hint } = asHookbusError(error, style);
  if (style.isJson) {
    return `${JSON.stringify({ error: { code, message, hint: hint ?? null } })}\n`;
  }
  const end = hint === undefined || /[?.!]$/.test(message) ? '' : '.';
  const line = visible([`hookbus: ${message}${end}`, hint].filter(Boolean).join(' '));
  const stack = error instanceof Error && style.showsStack ? `\n${error.stack ?? ''}` : '';
  return `${line}${stack}\n`;
}

function asHookbusError(error: unknown, { command }: FailureStyle): HookbusError {
  if (!(error instanceof HookbusError)) {
    return new HookbusError(
      'E_UNEXPECTED',
      `internal error: ${reasonOf(error)}`,
      'HOOKBUS_DEBUG=1 prints the stack',
    );
  }
  if (error.code !== 'E_USAGE') return error;
  const help = `Try: hookbus ${command === undefined ? '' : `${command} `}--help`;
  return new HookbusError(error.code, error.message, [error.hint, help].filter(Boolean).join(' '));
}
