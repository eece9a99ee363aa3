import { canBlock } from '../../../domain/events.ts';
import { type CensusEntry, type Silence, silenceWords } from '../../hooks/census.ts';
import { advice, type Check, problem } from '../finding.ts';

/** Reports hooks that never ran although what they wait for happened. */
export function checkSilent(entries: readonly CensusEntry[]): Check {
  const findings = entries.flatMap(({ silence, hookName, event, matcher, path, line }) => {
    if (silence === undefined) return [];
    const on = matcher === undefined ? event : `${event} ${matcher}`;
    const make = canBlock(event) ? problem : advice;
    return make(
      `${hookName} on ${on}: ${silenceWords(silence)} (${path}:${line})`,
      ...adviceFor(silence),
    );
  });
  const summary = findings.length === 0 ? 'none' : `${findings.length} never ran`;
  return { name: 'silent hooks', summary, findings };
}

function adviceFor({ misspelled, tools }: Silence): [why: string, fix: string] {
  return misspelled === undefined
    ? [
        'Other hooks saw these calls. Either the agent does not start this one, or it fails before HookBus does.',
        'Type hookbus hooks to see what keeps it from running, and try it in a new session of the agent.',
      ]
    : [
        `Its matcher says "${misspelled}", and agents tell capital letters from small ones.`,
        `Write the names of tools as the agent does: ${tools.join(', ')}.`,
      ];
}
