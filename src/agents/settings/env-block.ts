import type { Edit, Node } from 'jsonc-parser';
import { applyEdits } from './json-text.ts';
import { memberOf, parseSettings, propertyOf, sourceOf, textOf } from './read-settings-text.ts';

/** What HookBus sets in an env block: whether it records, which payloads it stores, and what starts every hook. */
export const VARIABLES = [
  'HOOKBUS_ENABLED',
  'HOOKBUS_STORE_RAW',
  'CLAUDE_CODE_SHELL_PREFIX',
] as const;
export type Variable = (typeof VARIABLES)[number];
export type Values = Readonly<Partial<Record<Variable, string>>>;

/** What HookBus changed in an env block, so that it can undo exactly that. */
export interface EnvChanges {
  /** Of each variable that it set: the previous value as written; null if there was none. */
  readonly previous: Readonly<Partial<Record<Variable, string | null>>>;
  /** There was no env block. */
  readonly madeBlock: boolean;
}

/** The variables of a file's env block that are HookBus's, without blanks around their values. */
export function variablesIn(root: Node): Values {
  const env = memberOf(root, 'env');
  return Object.fromEntries(
    VARIABLES.flatMap((name) => {
      const value = textOf(memberOf(env, name))?.trim();
      return value === undefined || isForeign(name, value) ? [] : [[name, value]];
    }),
  );
}

/** What starts every command, by the file's env block, whoever set it; undefined: nothing. */
export const shellPrefixIn = (root: Node): string | undefined =>
  textOf(memberOf(memberOf(root, 'env'), 'CLAUDE_CODE_SHELL_PREFIX'))?.trim() || undefined;

/** The name of the copy of the launcher that `install --all-hooks` makes. C port: src/launcher/shell.c. */
export const SHELL_COPY = 'hookbus-shell';

/** Whether `install --all-hooks` wrote this value. */
const isOwnPrefix = (value: string): boolean => value.endsWith(`/${SHELL_COPY}`);

/** The client's own variable may name another program. */
const isForeign = (name: Variable, value: string): boolean =>
  name === 'CLAUDE_CODE_SHELL_PREFIX' && !isOwnPrefix(value);

/** Whether the value of a switch turns it on. */
export const isOn = (value: string | undefined): boolean =>
  /^(?:1|true|yes|on)$/i.test(value ?? '');

/** Whether it turns it off. */
export const isOff = (value: string | undefined): boolean =>
  /^(?:|0|false|no|off|none)$/i.test(value ?? '');

/** Finds the object whose `env` is meant: the root, or a hook. */
export type FindHolder = (root: Node, text: string) => Node | undefined;

const ofFile: FindHolder = (root) => root;

/**
 * Sets variables in an env block. The changes name only what was set anew.
 * @returns undefined if `env` is not an object
 */
export function setVariables(
  text: string,
  values: Values,
  find: FindHolder = ofFile,
): { readonly text: string; readonly changes: EnvChanges } | undefined {
  let current = text;
  let changes: EnvChanges = { previous: {}, madeBlock: false };
  for (const name of VARIABLES) {
    const value = values[name];
    const holder = find(rootOf(current), current);
    if (holder === undefined) return undefined;
    const before = variablesIn(holder)[name];
    const isSet = name === 'HOOKBUS_ENABLED' && isOn(value) ? isOn(before) : before === value;
    const isTaken =
      name === 'CLAUDE_CODE_SHELL_PREFIX' && before === undefined && shellPrefixIn(holder);
    if (value === undefined || isSet || isTaken) continue;
    const planned = planSet(current, holder, name, value);
    if (planned === undefined) return undefined;
    current = applyEdits(current, [planned.edit]);
    changes = joinChanges(changes, planned.changes);
  }
  return { text: current, changes };
}

/** What two changes come to, the earlier one first. */
export function joinChanges(before: EnvChanges, now: EnvChanges): EnvChanges {
  return {
    previous: { ...now.previous, ...before.previous },
    madeBlock: before.madeBlock || now.madeBlock,
  };
}

function planSet(text: string, holder: Node, name: Variable, value: string) {
  const env = memberOf(holder, 'env');
  const written = JSON.stringify(value);
  if (env === undefined) {
    const edit = insertion(text, holder, 'env', madeBlock([[name, value]], colonOf(text, holder)));
    return { edit, changes: { previous: { [name]: null }, madeBlock: true } };
  }
  if (env.type !== 'object') return undefined;
  const node = memberOf(env, name);
  if (node === undefined) {
    const edit = insertion(text, env, name, written);
    return { edit, changes: { previous: { [name]: null }, madeBlock: false } };
  }
  const edit = { offset: node.offset, length: node.length, content: written };
  return { edit, changes: { previous: { [name]: sourceOf(text, node) }, madeBlock: false } };
}

function madeBlock(entries: readonly (readonly [string, string])[], colon: string): string {
  const gap = colon === ':' ? '' : ' ';
  const inner = entries.map(([name, value]) => `"${name}"${colon}${JSON.stringify(value)}`);
  return `{${gap}${inner.join(`,${gap}`)}${gap}}`;
}

/**
 * What HookBus probably changed in an env block that turns recording on, if nothing else is known: a block is its own if
 * it looks exactly like one that `setVariables` makes.
 */
export function likelyChanges(text: string, find: FindHolder = ofFile): EnvChanges {
  const holder = find(rootOf(text), text);
  const env = memberOf(holder, 'env');
  const entries = holder === undefined ? [] : Object.entries(variablesIn(holder));
  const isMade =
    env !== undefined &&
    [':', ': '].some((colon) => madeBlock(entries, colon) === sourceOf(text, env));
  const names = isMade
    ? entries.map(([name]) => name)
    : ['HOOKBUS_ENABLED', 'CLAUDE_CODE_SHELL_PREFIX'];
  return { previous: Object.fromEntries(names.map((name) => [name, null])), madeBlock: isMade };
}

/** Removes from the env block what `changes` says was added. */
export function restoreVariables(
  text: string,
  { previous, madeBlock }: EnvChanges,
  find: FindHolder = ofFile,
): string {
  let current = text;
  for (const name of [...VARIABLES].reverse()) {
    const before = previous[name];
    const env = memberOf(find(rootOf(current), current), 'env');
    const node = memberOf(env, name);
    if (before === undefined || env === undefined || node === undefined) continue;
    // Somebody turned it off on purpose meanwhile.
    if (before !== null && isOff(textOf(node)?.trim())) continue;
    // Somebody set it to another program meanwhile.
    if (isForeign(name, textOf(node)?.trim() ?? '')) continue;
    const edit =
      before === null
        ? removal(env, name)
        : { offset: node.offset, length: node.length, content: before };
    current = applyEdits(current, [edit]);
  }
  const holder = find(rootOf(current), current);
  const isEmpty = current !== text && memberOf(holder, 'env')?.children?.length === 0;
  return madeBlock && isEmpty && holder !== undefined
    ? applyEdits(current, [removal(holder, 'env')])
    : current;
}

/** The root of a text that was read before, or that HookBus edited since. */
export function rootOf(text: string): Node {
  const parsed = parseSettings(text, true);
  if ('root' in parsed) return parsed.root;
  throw new Error(`HookBus wrote invalid JSON: ${parsed.problem.reason}`);
}

/** Adds a property after the last one, with the same white space before it. */
function insertion(text: string, object: Node, name: string, value: string): Edit {
  const last = object.children?.at(-1);
  const colon = colonOf(text, object);
  const property = `"${name}"${colon}${value}`;
  if (last === undefined) return { offset: object.offset + 1, length: 0, content: property };
  const blank = /[ \t\r\n]*$/.exec(text.slice(0, last.offset))?.[0] ?? '';
  return { offset: last.offset + last.length, length: 0, content: `,${blank}${property}` };
}

function colonOf(text: string, object: Node): string {
  const [key, value] = object.children?.at(-1)?.children ?? [];
  const colon = key && value && text.slice(key.offset + key.length, value.offset);
  return colon === ':' ? ':' : ': ';
}

/** Removes a property and the comma that is no longer needed. */
function removal(object: Node, name: string): Edit {
  const properties = object.children ?? [];
  const property = propertyOf(object, name);
  const at = property === undefined ? -1 : properties.indexOf(property);
  const [before, own, after] = [properties[at - 1], properties[at], properties[at + 1]];
  if (own === undefined) return { offset: object.offset, length: 0, content: '' };
  const end = own.offset + own.length;
  const from = before === undefined ? own.offset : before.offset + before.length;
  const to = before === undefined && after !== undefined ? after.offset : end;
  return { offset: from, length: to - from, content: '' };
}
