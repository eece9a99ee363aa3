import { dedupeKey, TemplateError } from '../../domain/key/dedupe-key.ts';
import type { Begin } from '../../domain/record.ts';
import { guardFacts } from '../../gates/hook-files.ts';

/** What a key is made of, apart from the begin of the execution. */
interface KeyParts {
  /** The value of `--dedupe-key`; undefined for `--dedupe`. */
  readonly template?: string | undefined;
  /** The complete payload. */
  readonly payload?: Uint8Array | undefined;
  /** `PATH` in the environment of the run. */
  readonly path?: string | undefined;
}

type KeyedBegin = Pick<
  Begin,
  'hookName' | 'eventType' | 'toolName' | 'sessionId' | 'toolUseId' | 'createdAtMs' | 'argv' | 'cwd'
>;

/** Undefined if the template is invalid; `note` then records a warning for `status`. */
export function keyOf(
  begin: KeyedBegin,
  { template, payload, path }: KeyParts,
  note: (warning: string) => void,
): string | undefined {
  try {
    const guard = guardFacts(begin.argv, begin.cwd, path);
    return dedupeKey(template, { ...begin, payload, guard });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    note(`${begin.hookName}: --dedupe-key: ${error.message}; not deduplicated`);
    return undefined;
  }
}
