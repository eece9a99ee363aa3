import type { Edit, Node } from 'jsonc-parser';
import { memberOf, propertyOf, sourceOf, textOf } from './read-settings-text.ts';

const VARIABLE = 'HOOKBUS_ENABLED';

/** What `install --enable` changed in a file, so that `uninstall` can undo exactly that. */
export interface Enabled {
  /** The previous value as written; null if there was none. */
  readonly previous: string | null;
  /** There was no env block. */
  readonly madeBlock: boolean;
}

/** Whether the file turns recording on. */
export const isEnabledIn = (root: Node): boolean => switchedIn(root) === true;

/** Whether the file turns recording on or off; undefined if it says nothing. */
export function switchedIn(root: Node): boolean | undefined {
  const value = memberOf(memberOf(root, 'env'), VARIABLE);
  if (value === undefined) return undefined;
  return /^(?:1|true|yes|on)$/i.test((textOf(value) ?? '').trim());
}

/** Plans to turn recording on in the env block; undefined if `env` is not an object. */
export function planEnable(
  text: string,
  root: Node,
): { readonly edits: readonly Edit[]; readonly enabled: Enabled } | undefined {
  const env = memberOf(root, 'env');
  if (env === undefined) {
    const colon = colonOf(text, root);
    const edits = [insertion(text, root, 'env', madeBlock(colon))];
    return { edits, enabled: { previous: null, madeBlock: true } };
  }
  if (env.type !== 'object') return undefined;
  const value = memberOf(env, VARIABLE);
  if (value !== undefined) {
    const { offset, length } = value;
    const enabled = { previous: sourceOf(text, value), madeBlock: false };
    return { edits: [{ offset, length, content: '"1"' }], enabled };
  }
  const edits = [insertion(text, env, VARIABLE, '"1"')];
  return { edits, enabled: { previous: null, madeBlock: false } };
}

function madeBlock(colon: string): string {
  const gap = colon === ':' ? '' : ' ';
  return `{${gap}"${VARIABLE}"${colon}"1"${gap}}`;
}

/** Whether the env block looks exactly like one that `planEnable` makes. */
export function isMadeBlock(text: string, root: Node): boolean {
  const env = memberOf(root, 'env');
  return env !== undefined && [madeBlock(':'), madeBlock(': ')].includes(sourceOf(text, env));
}

/** Plans to remove from the env block what `enabled` says was added. */
export function planDisable(root: Node, enabled: Enabled): readonly Edit[] {
  const env = memberOf(root, 'env');
  const value = memberOf(env, VARIABLE);
  if (env === undefined || value === undefined) return [];
  if (enabled.previous !== null) {
    // Somebody turned it off on purpose meanwhile.
    if (!isEnabledIn(root)) return [];
    return [{ offset: value.offset, length: value.length, content: enabled.previous }];
  }
  const isAlone = env.children?.length === 1;
  return isAlone && enabled.madeBlock ? [removal(root, 'env')] : [removal(env, VARIABLE)];
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
