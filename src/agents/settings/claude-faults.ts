import type { Node } from 'jsonc-parser';
import { eventsIn } from './find-hooks.ts';
import { memberOf, textOf } from './read-settings-text.ts';

/** What in a settings file keeps hooks from running: where it stands, why, and whether it takes the rest along. */
export interface Fault {
  readonly node: Node;
  readonly reason: string;
  /** Claude Code ignores the whole file because of it; else only what is at `node`. */
  readonly voidsFile: boolean;
}

/** For each type of hook, the texts that it needs. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  command: ['command'],
  prompt: ['prompt'],
  agent: ['prompt'],
  http: ['url'],
  mcp_tool: ['server', 'tool'],
};

/** Fields that a hook need not have, and what they may be. */
const FIELDS: readonly (readonly [string, (node: Node) => boolean, string])[] = [
  ['timeout', ({ type, value }) => type === 'number' && value > 0, 'a number above 0'],
  ['if', ({ type }) => type === 'string', 'a string'],
  ['statusMessage', ({ type }) => type === 'string', 'a string'],
  ['async', ({ type }) => type === 'boolean', 'true or false'],
  ['asyncRewake', ({ type }) => type === 'boolean', 'true or false'],
  ['once', ({ type }) => type === 'boolean', 'true or false'],
  ['shell', ({ value }) => value === 'bash' || value === 'powershell', '"bash" or "powershell"'],
  ['onFailure', ({ value }) => value === 'continue' || value === 'block', '"continue" or "block"'],
  [
    'args',
    ({ type, children }) =>
      type === 'array' && (children ?? []).every((word) => word.type === 'string'),
    'a list of strings',
  ],
];

/** A guard may be what cannot be read here, so Claude Code then trusts nothing else in the file. */
const GUARDED: ReadonlySet<string> = new Set(['PreToolUse', 'PermissionRequest']);

/** What Claude Code does not accept among the hooks of a settings file, in the order of the file. */
export function claudeFaults(root: Node): Fault[] {
  const switched = memberOf(root, 'disableAllHooks');
  const faults: Fault[] =
    switched === undefined || switched.type === 'boolean'
      ? []
      : [{ node: switched, reason: 'disableAllHooks must be true or false', voidsFile: true }];
  return [
    ...faults,
    ...eventsIn(root).flatMap(([event, entries]) => {
      if (entries.type === 'null') return [];
      const voidsFile = GUARDED.has(event);
      return eventFaults(event, entries).map((fault) => ({ ...fault, voidsFile }));
    }),
  ];
}

type Found = Omit<Fault, 'voidsFile'>;

function eventFaults(event: string, entries: Node): Found[] {
  if (entries.type !== 'array') {
    return [{ node: entries, reason: `${event} must be a list of entries with "hooks"` }];
  }
  return (entries.children ?? []).flatMap((entry) => entryFaults(event, entry));
}

function entryFaults(event: string, entry: Node): Found[] {
  if (entry.type !== 'object') {
    return [{ node: entry, reason: `an entry of ${event} is not an object` }];
  }
  const hooks = memberOf(entry, 'hooks');
  if (hooks === undefined) {
    const isFlat = memberOf(entry, 'command') !== undefined;
    return [
      {
        node: entry,
        reason: isFlat
          ? `a hook stands directly under ${event}; it belongs into the "hooks" list of an entry`
          : `an entry of ${event} has no "hooks" list`,
      },
    ];
  }
  const matcher = memberOf(entry, 'matcher');
  if (matcher !== undefined && matcher.type !== 'string') {
    const hint = matcher.type === 'array' ? ': write "A|B" instead of a list' : '';
    return [{ node: entry, reason: `the matcher of an entry of ${event} is not a string${hint}` }];
  }
  if (hooks.type !== 'array') {
    return [{ node: entry, reason: `the "hooks" of an entry of ${event} are not a list` }];
  }
  return (hooks.children ?? []).flatMap((handler) => {
    const reason = handlerFault(event, handler);
    return reason === undefined ? [] : [{ node: handler, reason }];
  });
}

function handlerFault(event: string, handler: Node): string | undefined {
  const name = `a hook on ${event}`;
  if (handler.type !== 'object') return `${name} is not an object`;
  const type = textOf(memberOf(handler, 'type'));
  if (type === undefined) return `${name} has no "type"`;
  const needs = Object.hasOwn(NEEDS, type) ? NEEDS[type] : undefined;
  if (needs === undefined) return `${name} has the unknown type "${type}"`;
  const missing = needs.find((field) => textOf(memberOf(handler, field)) === undefined);
  if (missing !== undefined) return `${name} of type ${type} has no "${missing}"`;
  if (type === 'http' && !URL.canParse(textOf(memberOf(handler, 'url')) ?? '')) {
    return `${name} has a "url" that is none`;
  }
  for (const [field, isFine, wanted] of FIELDS) {
    const node = memberOf(handler, field);
    if (node !== undefined && !isFine(node)) return `the "${field}" of ${name} must be ${wanted}`;
  }
  return undefined;
}
