import type { Node } from 'jsonc-parser';
import type { Fault } from './claude-faults.ts';
import { eventsIn } from './find-hooks.ts';
import { memberOf, textOf } from './read-settings-text.ts';

/** Other types are unknown to Gemini CLI. */
const TYPES = ['command', 'plugin', 'runtime'];

/**
 * What Gemini CLI discards (as 0.61.0 does), with a line in its debug log alone, in the order of the file.
 * @param types the types of hooks that the agent knows
 */
export function geminiFaults(root: Node, types: readonly string[] = TYPES): Fault[] {
  return eventsIn(root).flatMap(([event, entries]) =>
    (entries.type === 'array' ? (entries.children ?? []) : []).flatMap((entry) =>
      entryFaults(event, entry, types).map((fault) => ({ ...fault, voidsFile: false })),
    ),
  );
}

function entryFaults(
  event: string,
  entry: Node,
  types: readonly string[],
): Omit<Fault, 'voidsFile'>[] {
  const hooks = memberOf(entry, 'hooks');
  if (hooks?.type !== 'array') {
    return [{ node: entry, reason: `an entry of ${event} has no "hooks" list` }];
  }
  return (hooks.children ?? [])
    .filter((handler) => !types.includes(textOf(memberOf(handler, 'type')) ?? ''))
    .map((node) => ({ node, reason: `a hook on ${event} has no "type": "command"` }));
}
