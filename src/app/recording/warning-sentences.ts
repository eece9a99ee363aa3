import { agentOf } from '../../agents/recognize.ts';
import { readWarning, wordsOf } from '../../config/warnings.ts';
import { isOnDuplicate } from '../../domain/key/dedupe-key.ts';
import type { Begin } from '../../domain/record.ts';
import { modeWarning } from '../../gates/dedupe.ts';

/** The warning about `--fail-open` on an event on which the option does not count. */
export const unforgiving = (event: string): string =>
  event === ''
    ? '--fail-open is ignored: the event is unknown, so the hook may be able to block'
    : `--fail-open is ignored: a hook may block on ${JSON.stringify(event)}`;

/** The text of an engine's warnings. Whether a duplicate policy deserves one depends on the event. */
export function warningSentences(begin: Begin): string[] {
  const { rawWarnings = [], eventType } = begin;
  return rawWarnings.flatMap((warning) => {
    const { name, value = '' } = readWarning(warning);
    if (name === '--fail-open') return [unforgiving(value)];
    if (name !== '--on-duplicate' || !isOnDuplicate(value)) return [wordsOf(warning)];
    return modeWarning({ onDuplicate: value }, eventType, agentOf(begin));
  });
}
