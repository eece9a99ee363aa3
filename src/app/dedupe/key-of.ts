import { dedupeKey, TemplateError } from '../../domain/key/dedupe-key.ts';
import type { Begin } from '../../domain/record.ts';
import { guardFacts } from '../../gates/hook-files.ts';

/** What an execution that asks for a key says, apart from its begin. */
interface KeyParts {
  /** Of `--dedupe-key`; undefined for `--dedupe`. */
  readonly template?: string | undefined;
  /** All of it. */
  readonly payload?: Uint8Array | undefined;
  /** `PATH` of the run. */
  readonly path?: string | undefined;
}

type KeyedBegin = Pick<
  Begin,
  'hookName' | 'eventType' | 'toolName' | 'sessionId' | 'toolUseId' | 'createdAtMs' | 'argv' | 'cwd'
>;

/** Undefined where this execution has none; a template that makes no sense is noted for `status`. */
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
