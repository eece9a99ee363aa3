import type { Edit, Node } from 'jsonc-parser';
import { memberOf, propertyOf, sourceOf, textOf } from './read-settings-text.ts';

const VARIABLE = 'HOOKBUS_ENABLED';

/** What `install --enable` did to a file, so that `uninstall` can take back that and nothing else. */
export interface Enabled {
  /** What stood there before, as it was spelled; null where nothing did. */
  readonly previous: string | null;
  /** The env block itself was not there. */
  readonly madeBlock: boolean;
}

/** Whether the file switches recording on. */
export function isEnabledIn(root: Node): boolean {
  return /^(?:1|true|yes|on)$/i.test(
    (textOf(memberOf(memberOf(root, 'env'), VARIABLE)) ?? '').trim(),
  );
}

/** Plans to switch recording on in the env block; undefined where the block is none. */
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

/** Whether the env block is spelled as `planEnable` makes one, but not as it fills one that was there. */
export function isMadeBlock(text: string, root: Node): boolean {
  const env = memberOf(root, 'env');
  return env !== undefined && [madeBlock(':'), madeBlock(': ')].includes(sourceOf(text, env));
}

/** Plans to take out of the env block what `enabled` says was put in. */
export function planDisable(root: Node, enabled: Enabled): readonly Edit[] {
  const env = memberOf(root, 'env');
  const value = memberOf(env, VARIABLE);
  if (env === undefined || value === undefined) return [];
  if (enabled.previous !== null) {
    // Who switched it off meanwhile meant it.
    if (!isEnabledIn(root)) return [];
    return [{ offset: value.offset, length: value.length, content: enabled.previous }];
  }
  const isAlone = env.children?.length === 1;
  return isAlone && enabled.madeBlock ? [removal(root, 'env')] : [removal(env, VARIABLE)];
}

/** A property behind the last one, set apart as that one is. */
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

/** Takes a property out, with the comma that it needs no longer. */
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
