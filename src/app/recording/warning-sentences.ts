import { readWarning, wordsOf } from '../../config/warnings.ts';
import { isOnDuplicate } from '../../domain/key/dedupe-key.ts';
import type { Begin } from '../../domain/record.ts';
import { modeWarning } from '../../gates/dedupe.ts';

/** The sentence about `--fail-open` on this event, on which it does not count. */
export const unforgiving = (event: string): string =>
  `--fail-open: expected an event on which no hook can block, got ${event === '' ? 'none' : JSON.stringify(event)}; it is ignored`;

/** What an engine's warnings say; a mode of duplicates is one only on some events. */
export function warningSentences({ rawWarnings = [], eventType }: Begin): string[] {
  return rawWarnings.flatMap((warning) => {
    const { name, value = '' } = readWarning(warning);
    if (name === '--fail-open') return [unforgiving(value)];
    if (name !== '--on-duplicate' || !isOnDuplicate(value)) return [wordsOf(warning)];
    return modeWarning({ onDuplicate: value }, eventType);
  });
}
